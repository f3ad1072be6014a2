import { DECISION_OUTCOMES, type Decision } from '@biplane/licensing';
import type { LimitCounter, LimitQuestion } from '../gate/limit-counter.js';
import { ClientToken, type ClientTokenOptions } from './client-token.js';

export interface HomeCounterOptions extends Omit<ClientTokenOptions, 'tokenUrl'> {
  /** Of the home's internal listener. */
  readonly url: string;
}

/** Asks the home that counts: `POST /internal/gate/check`, as a client that has the scope `entitlements:check`. */
export class HomeCounter implements LimitCounter {
  private readonly token: ClientToken;
  private readonly url: URL;

  constructor(private readonly options: HomeCounterOptions) {
    this.url = new URL('/internal/gate/check', options.url);
    this.token = new ClientToken({ ...options, tokenUrl: new URL('/oauth/token', options.url).href });
  }

  async ask(question: LimitQuestion, signal: AbortSignal): Promise<Decision> {
    const answer = await this.post(question, signal);
    if (answer.status !== 401) return decisionOf(answer);
    this.token.forget(); // the home was given another key since
    return decisionOf(await this.post(question, signal));
  }

  private async post({ deploymentId, action, meter, quantity }: LimitQuestion, signal: AbortSignal): Promise<Response> {
    const authorization = `Bearer ${await this.token.get()}`;
    return (this.options.fetch ?? fetch)(this.url, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ deploymentId, action, meter, quantity }),
      signal,
    });
  }
}

/** Whatever is not exactly a Decision is no answer: nothing is admitted by it. */
async function decisionOf(answer: Response): Promise<Decision> {
  const body: unknown = await answer.json().catch(() => undefined);
  if (answer.status !== 200) throw new Error(`the home answered ${answer.status} ${codeOf(body)}`);
  if (!isDecision(body)) throw new Error('the home did not answer with a decision');
  return body;
}

const ADMITTING = ['allow', 'warn', 'overage'];
const isTextOrNull = (value: unknown): boolean => value === null || typeof value === 'string';

function isDecision(value: unknown): value is Decision {
  if (typeof value !== 'object' || value === null) return false;
  const { outcome, isAllowed, code, reason, warnings, ...rest } = value as Record<string, unknown>;
  return (
    DECISION_OUTCOMES.some((known) => known === outcome) &&
    isAllowed === ADMITTING.includes(String(outcome)) &&
    isTextOrNull(code) &&
    typeof reason === 'string' &&
    Array.isArray(warnings) &&
    ['behavior', 'limit', 'used', 'remaining', 'retryAt'].every((member) => isTextOrNull(rest[member]))
  );
}

const codeOf = (body: unknown): string => {
  const code = (body as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code.slice(0, 100) : '';
};
