import { err, ok, type Result } from '@biplane/kernel';
import { UsageErrors } from '../contracts.errors.js';
import { object, pattern, choice, type Schema, type TypeOf } from '../schema/schema.js';
import { code, quantity, uuid } from '../schema/scalars.js';
import { compile, firstDetail } from '../schema/validate.js';

/** One submission may carry at most this many events. */
export const USAGE_BATCH_MAX = 1000;
export const USAGE_EVENT_TYPE = 'dev.biplane.usage';

// Ids are stored and compared as given: no control characters (PostgreSQL refuses NUL) and no lone surrogates (two of which would
// become one and the same character in UTF-8).
const opaque = (what: string) => pattern('^[^\\p{Cc}\\p{Cs}]+$', 256, what);
const rfc3339: Schema<string> = {
  json: { type: 'string', format: 'rfc3339', maxLength: 40, description: 'RFC 3339 instant, with any offset' },
};

/** The HTTP body of `POST /usage` and `POST /subscription/usage`: a CloudEvent in structured mode. */
export const usageEventSchema = object(
  {
    specversion: choice('1.0'),
    id: opaque('Unique per source: the same id and content is a duplicate'),
    source: opaque('Who counted'),
    type: choice(USAGE_EVENT_TYPE),
    time: rfc3339,
    subject: uuid,
    data: object({ meter: code, quantity }),
  },
  { datacontenttype: choice('application/json'), traceparent: pattern('^[0-9a-f-]+$', 55, 'W3C trace context') },
);

export type UsageEvent = TypeOf<typeof usageEventSchema>;

export interface UsageItem {
  /** As sent, so that the answer can name the item; null when it has none that could be repeated. */
  readonly id: string | null;
  readonly result: Result<UsageEvent>;
}

const check = compile(usageEventSchema);

/**
 * The body of a usage request, item by item: one bad item spoils no other. The whole is refused only when it is neither an object nor
 * a list, or has more than 1,000 items.
 */
export function parseUsageBody(body: unknown): Result<readonly UsageItem[]> {
  if (typeof body !== 'object' || body === null) {
    return err(UsageErrors.BODY_UNREADABLE({ detail: 'The body is neither a CloudEvent nor a list of CloudEvents' }));
  }
  const items: readonly unknown[] = Array.isArray(body) ? body : [body];
  if (items.length > USAGE_BATCH_MAX) {
    return err(
      UsageErrors.BATCH_TOO_LARGE({
        detail: `The batch has ${items.length} events, at most ${USAGE_BATCH_MAX} are taken`,
      }),
    );
  }
  return ok(items.map((item) => ({ id: idOf(item), result: parseUsageEvent(item) })));
}

export function parseUsageEvent(item: unknown): Result<UsageEvent> {
  const checked = check(item);
  if (checked.ok) return checked;
  return err(UsageErrors.INVALID({ detail: firstDetail(checked.error), errors: checked.error }));
}

function idOf(item: unknown): string | null {
  const id = typeof item === 'object' && item !== null ? (item as { id?: unknown }).id : undefined;
  return typeof id === 'string' ? id.slice(0, 256) : null;
}
