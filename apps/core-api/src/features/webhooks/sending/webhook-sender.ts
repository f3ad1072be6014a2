import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps, type RequestOptions } from 'node:https';
import { isIP } from 'node:net';
import {
  hostOf, resolveByDns, resolveTarget, type Resolve, type Target, type TargetPolicy, type TargetRefusal,
} from '@biplane/service-kit'; // prettier-ignore

export interface Attempt {
  readonly delivered: boolean;
  readonly status: number | null;
  /** A code; null when delivered. */
  readonly error: TargetRefusal | 'STATUS' | 'REDIRECT_REFUSED' | 'TIMEOUT' | 'CONNECTION' | null;
  readonly durationMs: number;
  /** What the receiver answered, at most 1 KB of it. */
  readonly response: string | null;
}

export interface SenderOptions extends TargetPolicy {
  readonly resolve?: Resolve;
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 10_000;
/** Beyond this the answer is not read. */
const RESPONSE_BYTES_MAX = 65_536;
const RESPONSE_KEPT = 1_024;
const HEADER_BYTES_MAX = 16_384;

/** Posts to a stranger: one address, checked and pinned; no redirect, no shared connection; a bounded time and a bounded answer. */
export class WebhookSender {
  constructor(private readonly options: SenderOptions) {}

  /** Never throws: whatever goes wrong outside is an attempt that failed. */
  async send(
    url: string,
    headers: Readonly<Record<string, string>>,
    payload: string,
    stopping?: AbortSignal,
  ): Promise<Attempt> {
    const startedAt = performance.now();
    const timeout = AbortSignal.timeout(this.options.timeoutMs ?? TIMEOUT_MS);
    const signal = stopping === undefined ? timeout : AbortSignal.any([timeout, stopping]);
    const ended = (attempt: Omit<Attempt, 'durationMs'>): Attempt => ({
      ...attempt,
      durationMs: Math.round(performance.now() - startedAt),
    });
    try {
      const target = await aborted(signal, resolveTarget(url, this.options, this.options.resolve ?? resolveByDns));
      if (typeof target === 'string') return ended({ delivered: false, status: null, error: target, response: null });
      const { status, response } = await post(target, { ...headers }, payload, signal);
      const delivered = status >= 200 && status < 300;
      const error = delivered ? null : status >= 300 && status < 400 ? 'REDIRECT_REFUSED' : 'STATUS';
      return ended({ delivered, status, error, response });
    } catch {
      const error = timeout.aborted ? 'TIMEOUT' : 'CONNECTION';
      return ended({ delivered: false, status: null, error, response: null });
    }
  }
}

/** A resolver may take longer than the whole attempt has. */
function aborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(new Error('aborted'));
    signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
    work.then(resolve, reject);
  });
}

function post(
  { url, address }: Target,
  headers: Record<string, string>,
  payload: string,
  signal: AbortSignal,
): Promise<{ status: number; response: string }> {
  const host = hostOf(url);
  const options: RequestOptions = {
    // The address that was checked, not the name: nothing is resolved a second time.
    host: address,
    port: url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port),
    path: `${url.pathname}${url.search}`,
    method: 'POST',
    headers: {
      ...headers,
      host: url.host,
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(payload)),
      'user-agent': 'Biplane-Webhooks/1',
    },
    // The certificate is the name's. An address has none to ask for.
    ...(url.protocol === 'https:' && { servername: isIP(host) === 0 ? host : '' }),
    agent: false,
    maxHeaderSize: HEADER_BYTES_MAX,
    signal,
  };
  return new Promise((resolve, reject) => {
    const request = (url.protocol === 'https:' ? requestHttps : requestHttp)(options, (answer) => {
      readBounded(answer).then((response) => resolve({ status: answer.statusCode ?? 0, response }), reject);
    });
    request.on('error', reject);
    request.end(payload);
  });
}

async function readBounded(answer: IncomingMessage): Promise<string> {
  const kept: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    if (bytes < RESPONSE_KEPT) kept.push(chunk.subarray(0, RESPONSE_KEPT - bytes));
    bytes += chunk.length;
    if (bytes > RESPONSE_BYTES_MAX) break; // ends the loop and the connection with it
  }
  // NUL is what a text column refuses.
  return Buffer.concat(kept).toString('utf8').replaceAll('\u0000', '\uFFFD').slice(0, RESPONSE_KEPT);
}
