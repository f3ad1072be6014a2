import { err, ok, type Result } from '@biplane/kernel';
import { RecordErrors } from '../contracts.errors.js';
import { isRfc3339 } from '../schema/validate.js';

/** CloudEvents 1.0 in Kafka's binary mode: the attributes are headers, the value is the datum alone. */
export interface CloudEvent {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string | undefined;
  /** RFC 3339. */
  readonly time: string;
  readonly traceparent: string | undefined;
}

export interface CloudEventInput {
  readonly type: string;
  readonly source: string;
  readonly subject: string;
  readonly time: Date;
  readonly id: string;
  readonly data: unknown;
  readonly traceparent?: string | undefined;
}

export interface BinaryCloudEvent {
  readonly headers: Record<string, string>;
  readonly value: string;
}

/** As kafkajs hands headers over; of a repeated header the first counts. */
export type HeaderValue = string | Uint8Array | readonly (string | Uint8Array)[] | undefined;

const ATTRIBUTE_LENGTH_MAX = 512;
const TRACEPARENT = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

export function toCloudEvent(input: CloudEventInput): BinaryCloudEvent {
  return {
    headers: {
      ce_specversion: '1.0',
      ce_id: input.id,
      ce_source: input.source,
      ce_type: input.type,
      ce_subject: input.subject,
      ce_time: input.time.toISOString(),
      'content-type': 'application/json',
      ...(input.traceparent !== undefined && { traceparent: input.traceparent }),
    },
    value: JSON.stringify(input.data),
  };
}

/** Reads the attributes back. The value is checked by the schema of its type: see `parsePlaneEvent`. */
export function fromCloudEvent(headers: Readonly<Record<string, HeaderValue>>): Result<CloudEvent> {
  const problems: string[] = [];
  const required = (name: string): string => {
    const text = headerText(headers[name]);
    if (text === undefined || text === '' || text.length > ATTRIBUTE_LENGTH_MAX) problems.push(name);
    return text ?? '';
  };
  const specversion = required('ce_specversion');
  const event = {
    id: required('ce_id'),
    source: required('ce_source'),
    type: required('ce_type'),
    time: required('ce_time'),
  };
  if (specversion !== '1.0' && !problems.includes('ce_specversion')) problems.push('ce_specversion');
  if (!isRfc3339(event.time) && !problems.includes('ce_time')) problems.push('ce_time');
  if (problems.length > 0) {
    return err(RecordErrors.NOT_A_CLOUD_EVENT({ detail: `Missing or malformed: ${problems.join(', ')}` }));
  }
  const traceparent = headerText(headers['traceparent']);
  return ok({
    ...event,
    subject: headerText(headers['ce_subject'])?.slice(0, ATTRIBUTE_LENGTH_MAX),
    // Only a help for tracing: a malformed one is left out, never a reason to refuse a record.
    traceparent: traceparent !== undefined && TRACEPARENT.test(traceparent) ? traceparent : undefined,
  });
}

function headerText(value: HeaderValue): string | undefined {
  const first = Array.isArray(value)
    ? (value as readonly (string | Uint8Array)[])[0]
    : (value as string | Uint8Array | undefined);
  if (first === undefined || typeof first === 'string') return first;
  return new TextDecoder().decode(first);
}
