export interface Credentials {
  readonly id: string;
  readonly secret: string;
}

export interface CoreAnswer {
  readonly status: number;
  readonly body: unknown;
}

const REQUEST_MS_MAX = 10_000;

/** core-api as one of its clients sees it. */
export class CoreApi {
  private token: string | null = null;

  constructor(
    private readonly url: string,
    private readonly credentials: Credentials,
  ) {}

  async authenticate(): Promise<void> {
    const { id, secret } = this.credentials;
    const basic = Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64');
    const { status, body } = await this.request('/oauth/token', {
      method: 'POST',
      headers: { authorization: `Basic ${basic}`, 'content-type': 'application/x-www-form-urlencoded' },
      body: 'grant_type=client_credentials',
    });
    if (status !== 200) throw new Error(`no token for the client ${id}: ${told(status, body)}`);
    this.token = (body as { access_token: string }).access_token;
  }

  send(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<CoreAnswer> {
    return this.request(path, {
      method,
      headers: {
        ...(this.token !== null && { authorization: `Bearer ${this.token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  }

  /** The body of a success; any other answer is told with its problem. */
  async expect<T>(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<T> {
    const answer = await this.send(method, path, body, headers);
    if (answer.status >= 200 && answer.status < 300) return answer.body as T;
    throw new Error(`${method} ${path}: ${told(answer.status, answer.body)}`);
  }

  private async request(path: string, init: RequestInit): Promise<CoreAnswer> {
    const response = await fetch(`${this.url.replace(/\/$/, '')}${path}`, {
      ...init,
      redirect: 'error',
      signal: AbortSignal.timeout(REQUEST_MS_MAX),
    });
    const text = await response.text();
    const isJson = /[/+]json/.test(response.headers.get('content-type') ?? '');
    return { status: response.status, body: isJson ? JSON.parse(text) : text };
  }
}

function told(status: number, body: unknown): string {
  const { code, detail } = (body ?? {}) as { code?: string; detail?: string };
  return [String(status), code, detail].filter((part) => part !== undefined).join(' ');
}
