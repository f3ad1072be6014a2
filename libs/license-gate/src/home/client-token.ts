export interface ClientTokenOptions {
  /** `…/oauth/token` of the service that is to be called. */
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly fetch?: typeof fetch;
}

const ANSWER_MS_MAX = 5_000;
/** A token that ends within this time is asked for again, so that none ends on its way. */
const RENEW_BEFORE_MS = 60_000;
/** After a refusal, for the endpoint counts what it is asked. */
const RETRY_AFTER_MS = 1_000;

/** An access token of a service, by client credentials. One question at a time, whoever waits for it. */
export class ClientToken {
  private token: { readonly value: string; readonly untilMs: number } | undefined;
  private asking: Promise<string> | undefined;
  private failed: { readonly error: unknown; readonly untilMs: number } | undefined;

  constructor(private readonly options: ClientTokenOptions) {}

  /** Goes on in the background when its caller gives up: the next one finds the token there. */
  get(): Promise<string> {
    if (this.token && performance.now() < this.token.untilMs) return Promise.resolve(this.token.value);
    if (this.failed && performance.now() < this.failed.untilMs) return Promise.reject(this.failed.error);
    this.asking ??= this.ask().finally(() => (this.asking = undefined));
    return this.asking;
  }

  forget(): void {
    this.token = undefined;
  }

  private async ask(): Promise<string> {
    try {
      const token = await this.request();
      this.token = token;
      this.failed = undefined;
      return token.value;
    } catch (error) {
      this.failed = { error, untilMs: performance.now() + RETRY_AFTER_MS };
      throw error;
    }
  }

  private async request(): Promise<{ value: string; untilMs: number }> {
    const { tokenUrl, clientId, clientSecret } = this.options;
    const askedAtMs = performance.now();
    const pair = `${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`;
    const answer = await (this.options.fetch ?? fetch)(tokenUrl, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(pair).toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: 'grant_type=client_credentials',
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
    });
    const body = (await answer.json().catch(() => ({}))) as { access_token?: unknown; expires_in?: unknown };
    const { access_token: value, expires_in: seconds } = body;
    if (answer.status !== 200 || typeof value !== 'string' || typeof seconds !== 'number') {
      throw new Error(`no token: ${tokenUrl} answered ${answer.status}`);
    }
    // At least half of its life is used, however short that is.
    return { value, untilMs: askedAtMs + Math.max(seconds * 500, seconds * 1000 - RENEW_BEFORE_MS) };
  }
}
