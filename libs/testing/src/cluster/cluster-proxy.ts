import { Agent as HttpAgent, createServer, type Agent, type IncomingMessage, type ServerResponse } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { AddressInfo } from 'node:net';
import { sendTo, type ClusterAccess } from './cluster-access.js';
import type { TestCluster } from './test-cluster.js';

export interface ProxiedRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly body: string;
  /** How many requests came before this one. */
  readonly index: number;
}

/** What happens to a request instead of being answered in order. */
export type ClusterFault =
  /** Answered by the proxy alone. */
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: unknown }
  /** Never answered. */
  | 'hang'
  /** The connection is reset before the request arrives. */
  | 'reset'
  /** Done by the API server, and the answer is lost. */
  | 'lose-answer'
  /** Done by the API server, and half of the answer arrives. */
  | 'truncate';

export interface ClusterProxy {
  /** Goes through the proxy, as the administrator or as whom `access` says. */
  readonly kubeconfigFile: string;
  readonly url: string;
  readonly requests: readonly ProxiedRequest[];
  /** From now on; null lets everything through. */
  respond(how: Respond | null): void;
  close(): Promise<void>;
}

export type Respond = (request: ProxiedRequest) => ClusterFault | null | undefined;

export interface ProxyOptions {
  readonly respond?: Respond;
  /** Whose requests pass; the suite's administrator when left out. */
  readonly as?: { readonly token?: string | undefined };
}

/** A door in front of the API server that a test may jam. */
export async function clusterProxy(cluster: TestCluster, options: ProxyOptions = {}): Promise<ClusterProxy> {
  const requests: ProxiedRequest[] = [];
  let respond = options.respond ?? null;
  // A handshake for each of thousands of requests would cost more than all else; faults are of the other side.
  const isSecure = cluster.access.server.startsWith('https:');
  const agent = new (isSecure ? HttpsAgent : HttpAgent)({ keepAlive: true });
  const behind = { access: cluster.access, agent };
  const server = createServer((request, response) => {
    void readBody(request).then(async (body) => {
      const seen = { method: request.method ?? '', path: request.url ?? '', body: body.toString('utf8') };
      const proxied = { ...seen, index: requests.length };
      requests.push(proxied);
      await answer(behind, request, response, body, respond?.(proxied) ?? null);
    }, drop(response));
  });
  server.requestTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const token = options.as?.token ?? cluster.access.token;
  return {
    url,
    requests,
    kubeconfigFile: cluster.write(`proxy-${new URL(url).port}`, { server: url, token }),
    respond: (how) => void (respond = how),
    close: () => {
      server.closeAllConnections();
      agent.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

interface Behind {
  readonly access: ClusterAccess;
  readonly agent: Agent;
}

async function answer(
  behind: Behind,
  request: IncomingMessage,
  response: ServerResponse,
  body: Buffer,
  fault: ClusterFault | null,
): Promise<void> {
  if (fault === 'hang') return;
  if (fault === 'reset') return void request.socket.resetAndDestroy();
  if (fault !== null && typeof fault === 'object') {
    const content = JSON.stringify(fault.body ?? statusOf(fault.status));
    return void response.writeHead(fault.status, { 'content-type': 'application/json', ...fault.headers }).end(content);
  }
  try {
    await forward(behind, request, response, body, fault);
  } catch {
    response.destroy();
  }
}

async function forward(
  { access, agent }: Behind,
  request: IncomingMessage,
  response: ServerResponse,
  body: Buffer,
  fault: 'lose-answer' | 'truncate' | null,
): Promise<void> {
  const { host: _host, connection: _connection, authorization, ...headers } = request.headers;
  const own = authorization?.replace(/^Bearer /, '');
  const passed = { method: request.method ?? 'GET', path: request.url ?? '/', headers, body, agent };
  const upstream = await sendTo(own ? { ...access, token: own } : access, passed);
  if (fault) {
    const whole = await readBody(upstream);
    if (fault === 'lose-answer') return void request.socket.resetAndDestroy();
    response.writeHead(upstream.statusCode ?? 502, { ...upstream.headers, 'content-length': String(whole.length) });
    response.write(whole.subarray(0, Math.floor(whole.length / 2)), () => request.socket.destroy());
    return;
  }
  response.writeHead(upstream.statusCode ?? 502, upstream.headers);
  response.flushHeaders(); // a watch has nothing to say for a while
  upstream.on('error', drop(response));
  response.on('close', () => upstream.destroy());
  upstream.pipe(response);
}

async function readBody(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function drop(response: ServerResponse): () => void {
  return () => void response.destroy();
}

/** As the API server words a refusal. */
function statusOf(code: number): unknown {
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', message: 'said the proxy', code };
}
