import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { SigningKeyFile } from '@biplane/ceremony';
import type { Part } from './part.js';
import type { Parts } from './parts.js';
import type { Supervisor } from './services.js';

export interface Control {
  url: string;
  /** Sent as `Authorization: Bearer <token>`. */
  token: string;
  close(): Promise<void>;
}

interface StartOptions {
  env?: Record<string, string>;
  waitReady?: boolean;
}

const BODY_BYTES_MAX = 65_536;
const ENVIRONMENT_PATH = /^\/services\/([a-z0-9-]+)\/environment$/;
const SERVICE_PATH = /^\/services\/([a-z0-9-]+)\/(start|stop|kill|restart|replica)$/;
const KEY_PATH = /^\/keys\/([A-Za-z0-9_-]{1,64})$/;
const HOME_PATH = /^\/homes\/(t-[0-9a-f]{32})$/;
const PART_PATH = /^\/(kafka|postgres|redis|apiserver)\/(start|stop|kill|restart)$/;

class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** What a stack hands to its suites and to the demo. */
export interface Controlled {
  supervisor: Supervisor;
  parts: Parts;
  /** Of the cluster, where the stack has one. */
  apiServer?: Part | undefined;
  homeAddresses?: ((namespace: string) => Promise<string[]>) | undefined;
  /** Holds the ceremony: a further signing key, with both statements of the stack's root. */
  createKey(kid: string): SigningKeyFile;
}

/** Lets a test suite stop, kill and start the stack's processes: loopback only, one random token per stack. */
export async function serveControl(controlled: Controlled, port: number): Promise<Control> {
  const token = randomBytes(24).toString('base64url');
  const server = createServer((request, response) => {
    const answer = (status: number, body: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    handle(request, token, controlled).then(
      (body) => answer(200, body),
      (error: Error) => answer(error instanceof Refusal ? error.status : 500, { error: error.message }),
    );
  });
  // Starting a service may take a minute; the caller has its own deadline.
  server.requestTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return { url: `http://127.0.0.1:${port}`, token, close: () => close(server) };
}

async function handle(request: IncomingMessage, token: string, controlled: Controlled): Promise<unknown> {
  const { supervisor } = controlled;
  if (!sameText(request.headers.authorization ?? '', `Bearer ${token}`)) throw new Refusal(401, 'The token is wrong');
  const path = request.url ?? '/';
  if (request.method === 'GET' && path === '/state') return state(controlled);
  const asked = ENVIRONMENT_PATH.exec(path)?.[1];
  if (request.method === 'GET' && asked !== undefined) return known(supervisor, asked).environment(asked);
  const home = HOME_PATH.exec(path)?.[1];
  if (request.method === 'GET' && home !== undefined) {
    return { addresses: (await controlled.homeAddresses?.(home)) ?? [] };
  }
  if (request.method !== 'POST') throw new Refusal(404, `There is no ${request.method} ${path}`);
  const service = SERVICE_PATH.exec(path);
  if (service) return controlService(supervisor, service[1] ?? '', service[2] ?? '', await readOptions(request));
  const kid = KEY_PATH.exec(path)?.[1];
  if (kid !== undefined) return controlled.createKey(kid);
  const part = PART_PATH.exec(path);
  if (part) {
    await controlPart(partOf(controlled, part[1] as Part['name']), part[2] ?? '');
    return state(controlled);
  }
  throw new Refusal(404, `There is no POST ${path}`);
}

async function controlService(
  supervisor: Supervisor,
  name: string,
  verb: string,
  options: StartOptions,
): Promise<unknown> {
  known(supervisor, name);
  if (verb === 'stop' || verb === 'restart') await supervisor.stop(name);
  if (verb === 'kill') await supervisor.kill(name);
  if (verb === 'start' || verb === 'restart') return supervisor.start(name, options);
  if (verb === 'replica') return supervisor.start((await supervisor.addReplica(name)).name, options);
  return supervisor.state().find((service) => service.name === name);
}

function known(supervisor: Supervisor, name: string): Supervisor {
  if (supervisor.has(name)) return supervisor;
  const names = supervisor.state().map((service) => service.name);
  throw new Refusal(404, `There is no service ${name}; there are ${names.join(', ')}`);
}

async function controlPart(part: Part, verb: string): Promise<void> {
  if (part.external) throw new Refusal(409, `${part.name} is not ours to ${verb}`);
  if (verb === 'stop' || verb === 'restart') await part.stop();
  if (verb === 'kill') await part.kill();
  if (verb === 'start' || verb === 'restart') await part.start();
}

function partOf({ parts, apiServer }: Controlled, name: Part['name']): Part {
  if (name !== 'apiserver') return parts[name];
  if (!apiServer) throw new Refusal(404, 'This stack has no cluster');
  return apiServer;
}

function state({ supervisor, parts, apiServer }: Controlled): unknown {
  const part = ({ running, external }: Part) => ({ running, external });
  return {
    services: supervisor.state(),
    kafka: part(parts.kafka),
    postgres: part(parts.postgres),
    redis: part(parts.redis),
    ...(apiServer ? { apiserver: part(apiServer) } : {}),
  };
}

async function readOptions(request: IncomingMessage): Promise<StartOptions> {
  let text = '';
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > BODY_BYTES_MAX) throw new Refusal(413, 'The body is too large');
  }
  if (text === '') return {};
  try {
    return JSON.parse(text) as StartOptions;
  } catch {
    throw new Refusal(400, 'The body is not JSON');
  }
}

function sameText(given: string, wanted: string): boolean {
  const [left, right] = [Buffer.from(given), Buffer.from(wanted)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
