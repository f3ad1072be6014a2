import { readFileSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest, type RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import { ClusterError } from './cluster-gateway.js';
import { KubernetesGateway } from './kubernetes/kubernetes-gateway.js';
import type { RetryPolicy, RetryTools } from './kubernetes/retry.js';
import type { ApiAnswer, ApiRequest, ApiStream, Transport } from './kubernetes/transport.js';

/** The answer of a list of 250 objects is far below it. */
const BODY_BYTES_MAX = 32 << 20;
const SOCKETS_MAX = 16;

export interface KubernetesOptions {
  /** File of the cluster and its credentials; the pod's own service account when it is left out. */
  readonly kubeconfig?: string | undefined;
  readonly policy?: RetryPolicy;
  readonly tools?: RetryTools;
}

/** The real cluster. Nothing is asked of it yet: a wrong file throws here, a wrong address at the first call. */
export function kubernetesGateway(options: KubernetesOptions = {}): KubernetesGateway {
  return new KubernetesGateway(new HttpTransport(options.kubeconfig), options.policy, options.tools);
}

/**
 * The client library reads kubeconfigs, certificates and tokens, whatever plugin they come from; the exchange itself is plain HTTP,
 * as only then a call can be ended, its headers be seen, and an answer that was cut off be told from a whole one.
 */
export class HttpTransport implements Transport {
  private config: KubeConfig;
  private agent: { readonly of: string; readonly agent: Agent } | null = null;

  constructor(private readonly kubeconfig: string | undefined) {
    this.config = this.load();
  }

  reload(): void {
    try {
      this.config = this.load();
    } catch {
      // A file that is just being replaced: the next call is refused again and gets here.
    }
  }

  async request(request: ApiRequest): Promise<ApiAnswer> {
    const message = await this.send(request);
    const body = await wholeBody(message);
    return {
      status: message.statusCode ?? 0,
      retryAfter: message.headers['retry-after'] ?? null,
      warnings: warningsOf(message.headers['warning']),
      body,
    };
  }

  async stream(request: ApiRequest): Promise<ApiStream> {
    const message = await this.send(request);
    return { status: message.statusCode ?? 0, body: message };
  }

  private load(): KubeConfig {
    const config = new KubeConfig();
    if (this.kubeconfig === undefined) config.loadFromCluster();
    else config.loadFromString(readFileSync(this.kubeconfig, 'utf8'));
    const cluster = config.getCurrentCluster();
    if (cluster === null) throw new Error('The kubeconfig names no cluster');
    if (!cluster.server.startsWith('http:')) return config;
    // A token that goes in clear over a network is everybody's; the library would say no to a proxy of this machine, too.
    if (!['127.0.0.1', 'localhost', '[::1]'].includes(new URL(cluster.server).hostname))
      throw new Error('A cluster is reached by https; http is for the loopback');
    config.clusters = config.clusters.map((each) => ({ ...each, skipTLSVerify: true }));
    return config;
  }

  private async send({ method, path, contentType, body, signal }: ApiRequest): Promise<IncomingMessage> {
    const server = this.config.getCurrentCluster()!.server.replace(/\/+$/, '');
    const options: RequestOptions = {};
    try {
      await this.config.applyToHTTPSOptions(options);
    } catch (error) {
      throw new ClusterError('unauthorized', `No credentials for the cluster: ${(error as Error).message}`);
    }
    const headers = {
      ...options.headers,
      Accept: 'application/json',
      'User-Agent': 'biplane-reconciler',
      ...(contentType !== undefined && { 'Content-Type': contentType }),
      ...(body !== undefined && { 'Content-Length': Buffer.byteLength(body) }),
    };
    const isPlain = server.startsWith('http:');
    const { auth } = options;
    const sent = { method, headers, signal, ...(auth != null && { auth }) };
    return new Promise((resolve, reject) => {
      const url = `${server}${path}`;
      const request = isPlain
        ? httpRequest(url, sent, resolve)
        : httpsRequest(url, { ...sent, agent: this.agentOf(options) }, resolve);
      request.on('error', (error) => reject(unavailable(error)));
      request.end(body);
    });
  }

  /** One pool of connections for as long as certificate and authority stay the same; an old one ends when its calls have. */
  private agentOf({ ca, cert, key, rejectUnauthorized, servername }: RequestOptions): Agent {
    const of = [ca, cert, key, rejectUnauthorized, servername].map(String).join('\n');
    if (this.agent?.of !== of) {
      const trust = { ca, cert, key, ...(rejectUnauthorized === false && { rejectUnauthorized }) };
      const agent = new Agent({
        ...trust,
        ...(servername !== undefined && { servername }),
        keepAlive: true,
        maxSockets: SOCKETS_MAX,
      });
      this.agent = { of, agent };
    }
    return this.agent.agent;
  }
}

async function wholeBody(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of message as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > BODY_BYTES_MAX) throw new ClusterError('invalid', 'The answer is too long');
      chunks.push(chunk);
    }
  } catch (error) {
    throw error instanceof ClusterError ? error : unavailable(error as Error);
  }
  if (!message.complete) throw new ClusterError('unavailable', 'The answer was cut off');
  return Buffer.concat(chunks).toString('utf8');
}

const unavailable = (error: Error): ClusterError =>
  new ClusterError('unavailable', `The API server can not be reached: ${error.message}`);

/** `299 - "text"`, one or more in a header. */
function warningsOf(header: string | string[] | undefined): readonly string[] {
  const text = Array.isArray(header) ? header.join(', ') : (header ?? '');
  return [...text.matchAll(/299 \S+ "((?:\\.|[^"\\])*)"/g)].map((match) => (match[1] ?? '').replace(/\\(.)/g, '$1'));
}
