import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps, type RequestOptions } from 'node:https';
import { isIP } from 'node:net';
import {
  hostOf, resolveByDns, resolveTarget, type Resolve, type Target, type TargetPolicy, type TargetRefusal,
} from './target.js'; // prettier-ignore

export interface OutboundOptions extends TargetPolicy {
  readonly timeoutMs: number;
  /** An answer that is longer is not read to its end, and is no answer. */
  readonly responseBytesMax: number;
  readonly resolve?: Resolve;
}

/** Why there is no answer: the address is not called, or what came is not what may be read. */
export class OutboundError extends Error {
  constructor(readonly code: TargetRefusal | 'REDIRECT_REFUSED' | 'RESPONSE_TOO_LARGE') {
    super(code);
  }
}

const HEADER_BYTES_MAX = 16_384;

/**
 * What a library that wants a `fetch` gets when strangers choose the addresses: one address, checked and pinned; no redirect, no
 * shared connection; a bounded time and a bounded answer. Throws OutboundError, or what the network threw.
 */
export function outboundFetch(options: OutboundOptions) {
  return async (
    url: string,
    init: { method?: string; headers?: unknown; body?: unknown; signal?: AbortSignal | null },
  ) => {
    const timeout = AbortSignal.timeout(options.timeoutMs);
    const signal = init.signal ? AbortSignal.any([timeout, init.signal]) : timeout;
    const target = await orAborted(signal, resolveTarget(url, options, options.resolve ?? resolveByDns));
    if (typeof target === 'string') throw new OutboundError(target);
    const headers = Object.fromEntries(new Headers(init.headers as Record<string, string>));
    const body = init.body === undefined || init.body === null ? '' : String(init.body as string | URLSearchParams);
    const answer = await send(target, { method: init.method ?? 'GET', headers, body }, signal);
    const status = answer.statusCode ?? 0;
    if (status >= 300 && status < 400) {
      answer.destroy();
      throw new OutboundError('REDIRECT_REFUSED');
    }
    const bytes = await readBounded(answer, options.responseBytesMax);
    const type = answer.headers['content-type'];
    return new Response(status === 204 ? null : bytes, {
      status,
      headers: type === undefined ? {} : { 'content-type': type },
    });
  };
}

/** A resolver may take longer than the whole call has. */
function orAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

function send(
  { url, address }: Target,
  {
    method,
    headers,
    body,
  }: { readonly method: string; readonly headers: Record<string, string>; readonly body: string },
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const isHttps = url.protocol === 'https:';
  const host = hostOf(url);
  const options: RequestOptions = {
    // The address that was checked, not the name: nothing is resolved a second time.
    host: address,
    port: url.port === '' ? (isHttps ? 443 : 80) : Number(url.port),
    path: `${url.pathname}${url.search}`,
    method,
    headers: { ...headers, host: url.host, ...(body !== '' && { 'content-length': String(Buffer.byteLength(body)) }) },
    // The certificate is the name's. An address has none to ask for.
    ...(isHttps && { servername: isIP(host) === 0 ? host : '' }),
    agent: false,
    maxHeaderSize: HEADER_BYTES_MAX,
    signal,
  };
  return new Promise((resolve, reject) => {
    const request = (isHttps ? requestHttps : requestHttp)(options, resolve);
    request.on('error', reject);
    request.end(body);
  });
}

async function readBounded(answer: IncomingMessage, bytesMax: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // Ends the loop, and the connection with it.
    if (bytes > bytesMax) throw new OutboundError('RESPONSE_TOO_LARGE');
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}
