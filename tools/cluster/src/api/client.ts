import { request as httpRequest, Agent as HttpAgent, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest, Agent as HttpsAgent } from 'node:https';

export interface ApiServer {
  readonly server: string;
  readonly certificateAuthority?: string | undefined;
  readonly token?: string | undefined;
  /** Of a kubeconfig that names a certificate instead of a token. */
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
}

/** What the API server refused, with its words. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

export type PatchKind = 'merge' | 'strategic-merge' | 'json' | 'apply';
export interface ApiOptions {
  readonly body?: unknown;
  readonly patch?: PatchKind;
  readonly timeoutMs?: number;
}

const CONTENT_TYPES: Record<PatchKind, string> = {
  merge: 'application/merge-patch+json',
  'strategic-merge': 'application/strategic-merge-patch+json',
  json: 'application/json-patch+json',
  apply: 'application/apply-patch+yaml',
};
const TIMEOUT_MS = 10_000;

/** Requests to an API server over kept connections: an agent of a hundred pods makes hundreds of small ones a second. */
export class ApiClient {
  private readonly agent: HttpAgent;
  private readonly send: typeof httpRequest;

  constructor(private readonly api: ApiServer) {
    const isSecure = api.server.startsWith('https:');
    const tls = { ca: api.certificateAuthority, cert: api.certificate, key: api.key };
    const kept = { keepAlive: true, maxSockets: 64 };
    this.agent = isSecure ? new HttpsAgent({ ...kept, ...withoutUndefined(tls) }) : new HttpAgent(kept);
    this.send = isSecure ? httpsRequest : httpRequest;
  }

  /** The parsed answer; ApiError for every status of 400 and above. */
  async json<T>(method: string, path: string, options: ApiOptions = {}): Promise<T> {
    return JSON.parse(await this.text(method, path, options)) as T;
  }

  async text(method: string, path: string, options: ApiOptions = {}): Promise<string> {
    const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
    const signal = AbortSignal.timeout(timeoutMs);
    const response = await this.request(method, path, options, signal);
    return readAll(response, `${method} ${path}`);
  }

  /** An answer that goes on; every status but 200 is an ApiError. */
  async stream(path: string, signal: AbortSignal): Promise<IncomingMessage> {
    const response = await this.request('GET', path, {}, signal);
    if (response.statusCode !== 200) await readAll(response, `GET ${path}`);
    return response;
  }

  close(): void {
    this.agent.destroy();
  }

  private request(method: string, path: string, options: ApiOptions, signal: AbortSignal): Promise<IncomingMessage> {
    const body = options.body === undefined ? undefined : JSON.stringify(options.body);
    const request: RequestOptions = {
      method,
      agent: this.agent,
      signal,
      headers: {
        accept: 'application/json',
        ...(this.api.token === undefined ? {} : { authorization: `Bearer ${this.api.token}` }),
        ...(body === undefined
          ? {}
          : {
              'content-type': options.patch ? CONTENT_TYPES[options.patch] : 'application/json',
              'content-length': Buffer.byteLength(body),
            }),
      },
    };
    return new Promise((resolve, reject) => {
      const sent = this.send(new URL(path, this.api.server), request, resolve);
      sent.on('error', reject);
      sent.end(body);
    });
  }
}

async function readAll(response: IncomingMessage, what: string): Promise<string> {
  response.setEncoding('utf8');
  let text = '';
  for await (const chunk of response) text += String(chunk);
  const status = response.statusCode ?? 0;
  if (status >= 400) throw new ApiError(status, `${what} answered ${status}: ${messageOf(text)}`);
  return text;
}

function messageOf(text: string): string {
  try {
    return (JSON.parse(text) as { message?: string }).message ?? text;
  } catch {
    return text.slice(0, 500);
  }
}

function withoutUndefined(options: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(options).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
