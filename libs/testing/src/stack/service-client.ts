export interface ClientCredentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed when it is JSON, the text otherwise. */
  readonly body: unknown;
}

type Headings = Readonly<Record<string, string>>;

const TIMEOUT_MS = 30_000;
/** Each try waits some seconds in the service itself. */
const BUSY_MS_MAX = 30_000;
const BUSY_PAUSE_MS = 100;
const isBusy = ({ status, body }: Answer): boolean =>
  status === 503 && (body as { code?: string } | null)?.code === 'SERVICE.UNAVAILABLE';

/** One service as one client of it: fetches its token, and a new one when that is refused (the demo's Clock jumps). */
export class ServiceClient {
  private token: Promise<string> | null = null;

  constructor(
    readonly baseUrl: string,
    /** Null sends no token at all. */
    private readonly credentials: ClientCredentials | null,
    /** Where tokens are issued, when not at the same address (the internal port issues none). */
    private readonly tokenBaseUrl: string = baseUrl,
  ) {}

  /** A token that is refused is renewed once: the Clock may have jumped. */
  async send(method: string, path: string, body?: unknown, headers: Headings = {}): Promise<Answer> {
    const answer = await this.sendOnce(method, path, body, headers);
    if (answer.status !== 401 || this.credentials === null) return answer;
    this.token = null;
    return this.sendOnce(method, path, body, headers);
  }

  /**
   * The body of an answer that must have this status; anything else throws with what came. A busy machine has seconds in which no
   * transaction begins: what was refused for that, with nothing done, is sent again, as clients do.
   */
  async expect(status: number, method: string, path: string, body?: unknown, headers: Headings = {}): Promise<unknown> {
    let answer = await this.send(method, path, body, headers);
    const givesUpAt = performance.now() + BUSY_MS_MAX;
    while (answer.status !== status && isBusy(answer) && performance.now() < givesUpAt) {
      await new Promise((resume) => setTimeout(resume, BUSY_PAUSE_MS));
      answer = await this.send(method, path, body, headers);
    }
    if (answer.status === status) return answer.body;
    const came = JSON.stringify(answer.body)?.slice(0, 2_000);
    throw new Error(`${method} ${path}: expected ${status}, got ${answer.status}: ${came}`);
  }

  get(path: string, headers: Headings = {}): Promise<Answer> {
    return this.send('GET', path, undefined, headers);
  }

  post(path: string, body?: unknown, headers: Headings = {}): Promise<Answer> {
    return this.send('POST', path, body, headers);
  }

  put(path: string, body?: unknown, headers: Headings = {}): Promise<Answer> {
    return this.send('PUT', path, body, headers);
  }

  /** For suites that try one client's token elsewhere. */
  accessToken(): Promise<string> {
    const { credentials } = this;
    if (credentials === null) throw new Error('This client has no credentials');
    this.token ??= this.fetchToken(credentials).catch((error: unknown) => {
      this.token = null;
      throw error;
    });
    return this.token;
  }

  private async fetchToken({ clientId, clientSecret }: ClientCredentials): Promise<string> {
    const basic = Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`).toString('base64');
    const response = await fetch(`${this.tokenBaseUrl}/oauth/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${basic}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await response.text();
    if (response.status !== 200) throw new Error(`No token for ${clientId}: ${response.status} ${text}`);
    return (JSON.parse(text) as { access_token: string }).access_token;
  }

  private async sendOnce(method: string, path: string, body: unknown, given: Headings): Promise<Answer> {
    const headers = new Headers(
      this.credentials === null ? {} : { authorization: `Bearer ${await this.accessToken()}` },
    );
    if (body !== undefined) headers.set('content-type', 'application/json');
    for (const [name, value] of Object.entries(given)) headers.set(name, value);
    const response = await fetch(`${this.baseUrl}${path}`, {
      method,
      headers,
      redirect: 'manual',
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await response.text();
    const json = /[/+]json/.test(response.headers.get('content-type') ?? '');
    return { status: response.status, headers: response.headers, body: json && text !== '' ? JSON.parse(text) : text };
  }
}
