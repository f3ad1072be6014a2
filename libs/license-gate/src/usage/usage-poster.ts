import type { UsageEvent } from '@biplane/contracts';
import { retryAfterMs } from './backoff.js';
import type { Rejection } from './rejected-events.js';

/** A fixed token, or one that can be fetched anew (see `ClientToken`). */
export type UsageToken = string | { get(): Promise<string>; forget(): void };

export interface UsagePosterOptions {
  /** Of `POST /api/v1/usage` of the home, or of `POST /api/v1/subscription/usage` of core-api. */
  readonly url: string;
  readonly token: UsageToken;
  readonly fetch?: typeof fetch;
}

/** The service did not take the batch and may take it later. */
export class NotTakenError extends Error {
  override readonly name = 'NotTakenError';

  constructor(
    message: string,
    readonly retryAfterMs = 0,
  ) {
    super(message);
  }
}

interface ItemResult {
  readonly status: 'accepted' | 'duplicate' | 'rejected';
  readonly code?: string;
  readonly detail?: string;
}

export interface Taken {
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejections: readonly Rejection[];
}

const ANSWER_MS_MAX = 30_000;
/** What the service says of the request as a whole, and would say again: the fault is in one of its events. */
const UNREADABLE = [400, 413, 415, 422];

/** Sends a batch once. Whatever is not an answer for each event throws, so that the batch stays. */
export class UsagePoster {
  constructor(private readonly options: UsagePosterOptions) {}

  async post(events: readonly UsageEvent[], signal: AbortSignal): Promise<Taken> {
    const answer = await this.request(events, signal);
    if (answer.status === 202) return takenOf(events, await answer.json().catch(() => undefined));
    const code = await codeOf(answer);
    if (!UNREADABLE.includes(answer.status)) {
      throw new NotTakenError(`${answer.status} ${code}`, retryAfterMs(answer.headers.get('retry-after')));
    }
    const [only] = events;
    if (events.length === 1 && only) {
      const detail = `The service answered ${answer.status}`;
      return { accepted: 0, duplicates: 0, rejections: [{ code, detail, event: only }] };
    }
    // Half by half, until the one that it cannot read is alone.
    const half = Math.ceil(events.length / 2);
    const first = await this.post(events.slice(0, half), signal);
    const second = await this.post(events.slice(half), signal);
    return {
      accepted: first.accepted + second.accepted,
      duplicates: first.duplicates + second.duplicates,
      rejections: [...first.rejections, ...second.rejections],
    };
  }

  private async request(events: readonly UsageEvent[], signal: AbortSignal): Promise<Response> {
    const { token, url } = this.options;
    const value = typeof token === 'string' ? token : await token.get();
    const answer = await (this.options.fetch ?? fetch)(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${value}`, 'content-type': 'application/cloudevents-batch+json' },
      body: JSON.stringify(events),
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS_MAX)]),
    });
    if (answer.status === 401 && typeof token !== 'string') token.forget();
    return answer;
  }
}

function takenOf(events: readonly UsageEvent[], body: unknown): Taken {
  const results = (body as { results?: unknown } | undefined)?.results;
  if (!Array.isArray(results) || results.length !== events.length) {
    throw new NotTakenError('the answer does not tell what became of each event');
  }
  const items = results as readonly ItemResult[];
  const count = (status: ItemResult['status']): number => items.filter((item) => item.status === status).length;
  const [accepted, duplicates, rejected] = [count('accepted'), count('duplicate'), count('rejected')];
  if (accepted + duplicates + rejected !== events.length)
    throw new NotTakenError('a result of the answer is not known');
  const rejections = items.flatMap(({ status, code = 'USAGE.REJECTED', detail = '' }, index): Rejection[] => {
    const event = events[index];
    return status === 'rejected' && event ? [{ code, detail, event }] : [];
  });
  return { accepted, duplicates, rejections };
}

async function codeOf(answer: Response): Promise<string> {
  const body = (await answer.json().catch(() => undefined)) as { code?: unknown } | undefined;
  return typeof body?.code === 'string' ? body.code.slice(0, 100) : `HTTP.${answer.status}`;
}
