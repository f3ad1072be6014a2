import { readFileSync } from 'node:fs';

/** What `.biplane/stack.json` says of a running stack. */
export interface StackFile {
  readonly coreApi: string;
  readonly tenantApi: Readonly<Record<string, string>>;
  readonly tenantApiInternal: Readonly<Record<string, string>>;
  readonly homes: Readonly<Record<string, string>>;
  readonly kafka: { readonly brokers: readonly string[]; readonly users: Readonly<Record<string, KafkaUser>> };
  readonly postgres: string;
  readonly redis: string;
  readonly clients: Readonly<Record<string, StackCredentials>>;
  /** Path of the CLOCK_FILE that moves every process of the stack together. */
  readonly clock: string;
}

export interface KafkaUser {
  readonly username: string;
  readonly password: string;
}

export interface StackCredentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed when it is JSON, else the text. */
  readonly body: unknown;
}

const requestTimeoutMs = 20_000;

export function readStackFile(path: string): StackFile {
  return JSON.parse(readFileSync(path, 'utf8')) as StackFile;
}

/** One address of a service, spoken to as one of its clients. Fetches its token itself, again after each refusal. */
export class ServiceClient {
  private token: Promise<string> | null = null;

  constructor(
    readonly baseUrl: string,
    private readonly credentials: StackCredentials | null,
    /** Where tokens come from, when it is another address: the internal port has no `/oauth/token`. */
    private readonly tokenUrl = baseUrl,
  ) {}

  /** Sends one request. A token that the service no longer takes is renewed once: the clock may have jumped. */
  async send(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const first = await this.sendOnce(method, path, body, headers);
    if (first.status !== 401 || this.credentials === null) return first;
    this.token = null;
    return this.sendOnce(method, path, body, headers);
  }

  /** Sends one request and insists on its status; any other answer is shown whole. */
  async expect(
    status: number,
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<unknown> {
    const answer = await this.send(method, path, body, headers);
    if (answer.status !== status) {
      throw new Error(
        `${method} ${path}: expected ${status}, got ${answer.status}: ${JSON.stringify(answer.body)?.slice(0, 2_000)}`,
      );
    }
    return answer.body;
  }

  private async sendOnce(
    method: string,
    path: string,
    body: unknown,
    headers: Readonly<Record<string, string>>,
  ): Promise<Answer> {
    const authorization =
      this.credentials === null ? {} : { authorization: `Bearer ${await this.accessToken(this.credentials)}` };
    const response = await fetch(this.baseUrl + path, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...authorization, ...headers },
      signal: AbortSignal.timeout(requestTimeoutMs),
      redirect: 'manual',
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return { status: response.status, headers: response.headers, body: await read(response) };
  }

  private accessToken(credentials: StackCredentials): Promise<string> {
    this.token ??= this.fetchToken(credentials).catch((error: unknown) => {
      this.token = null;
      throw error;
    });
    return this.token;
  }

  private async fetchToken({ clientId, clientSecret }: StackCredentials): Promise<string> {
    const response = await fetch(`${this.tokenUrl}/oauth/token`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: 'grant_type=client_credentials',
      signal: AbortSignal.timeout(requestTimeoutMs),
    });
    const body = (await read(response)) as { readonly access_token?: string };
    if (response.status !== 200 || body.access_token === undefined) {
      throw new Error(`No token for ${clientId}: ${response.status} ${JSON.stringify(body)}`);
    }
    return body.access_token;
  }
}

async function read(response: Response): Promise<unknown> {
  const text = await response.text();
  if (!/json/.test(response.headers.get('content-type') ?? '')) return text;
  return text === '' ? null : (JSON.parse(text) as unknown);
}
