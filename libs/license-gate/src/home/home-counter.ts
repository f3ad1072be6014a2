import { DECISION_OUTCOMES } from '@biplane/licensing';
import type { CountedDecision, LimitCounter, LimitQuestion } from '../gate/limit-counter.js';
import { ClientToken, type ClientTokenOptions } from './client-token.js';

export interface HomeCounterOptions extends Omit<ClientTokenOptions, 'tokenUrl'> {
  /** Of the home's internal listener. */
  readonly url: string;
}

/** The reservation cannot be confirmed or released any more: `code` says why (expired, released, confirmed, unknown). */
export class ReservationError extends Error {
  override readonly name = 'ReservationError';

  constructor(readonly code: string) {
    super(code);
  }
}

const ANSWER_MS_MAX = 10_000;

/** Asks the home that counts: `POST /internal/gate/check`, as a client that has the scope `entitlements:check`. */
export class HomeCounter implements LimitCounter {
  private readonly token: ClientToken;

  constructor(private readonly options: HomeCounterOptions) {
    this.token = new ClientToken({ ...options, tokenUrl: new URL('/oauth/token', options.url).href });
  }

  async ask(question: LimitQuestion, signal: AbortSignal): Promise<CountedDecision> {
    return decisionOf(await this.post('check', signal, question));
  }

  /** The work is done: what was held is counted as used, once, however often this is called. No usage is recorded beside it. */
  confirm(reservationId: string): Promise<void> {
    return this.end(reservationId, 'confirm');
  }

  /** The work was not done: what was held is free again. */
  release(reservationId: string): Promise<void> {
    return this.end(reservationId, 'release');
  }

  /** Throws a ReservationError when it is too late; anything else that it throws may be tried again. */
  private async end(reservationId: string, how: 'confirm' | 'release'): Promise<void> {
    const path = `reservations/${encodeURIComponent(reservationId)}/${how}`;
    const answer = await this.post(path, AbortSignal.timeout(ANSWER_MS_MAX));
    const code = codeOf(await answer.json().catch(() => undefined));
    if (answer.status === 200) return;
    if ([404, 409, 410].includes(answer.status)) throw new ReservationError(code);
    throw new Error(`the home answered ${answer.status} ${code}`);
  }

  private async post(path: string, signal: AbortSignal, body?: object): Promise<Response> {
    const answer = await this.send(path, signal, body);
    if (answer.status !== 401) return answer;
    this.token.forget(); // the home was given another key since
    return this.send(path, signal, body);
  }

  private async send(path: string, signal: AbortSignal, body: object | undefined): Promise<Response> {
    const authorization = `Bearer ${await this.token.get()}`;
    return (this.options.fetch ?? fetch)(new URL(`/internal/gate/${path}`, this.options.url), {
      method: 'POST',
      headers: { authorization, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
      signal,
    });
  }
}

/** Whatever is not exactly a Decision is no answer: nothing is admitted by it. */
async function decisionOf(answer: Response): Promise<CountedDecision> {
  const body: unknown = await answer.json().catch(() => undefined);
  if (answer.status !== 200) throw new Error(`the home answered ${answer.status} ${codeOf(body)}`);
  if (!isDecision(body)) throw new Error('the home did not answer with a decision');
  return body;
}

const ADMITTING = ['allow', 'warn', 'overage'];
const isTextOrNull = (value: unknown): boolean => value === null || typeof value === 'string';

function isDecision(value: unknown): value is CountedDecision {
  if (typeof value !== 'object' || value === null) return false;
  const { outcome, isAllowed, code, reason, warnings, ...rest } = value as Record<string, unknown>;
  return (
    DECISION_OUTCOMES.some((known) => known === outcome) &&
    isAllowed === ADMITTING.includes(String(outcome)) &&
    isTextOrNull(code) &&
    typeof reason === 'string' &&
    Array.isArray(warnings) &&
    ['behavior', 'limit', 'used', 'remaining', 'retryAt'].every((member) => isTextOrNull(rest[member])) &&
    ['reservationId', 'expiresAt', 'ticketId'].every((member) => isTextOrNull(rest[member] ?? null))
  );
}

const codeOf = (body: unknown): string => {
  const code = (body as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code.slice(0, 100) : '';
};
