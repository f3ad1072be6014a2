import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Redis } from 'ioredis';
import { openFolder } from './cache.js';
import type { ManagedProcess } from './managed-process.js';
import { ExternalPart, type Part, type PartContext } from './part.js';
import { ensureCommand } from './system-packages.js';

const START_TIMEOUT_MS = 20_000;

export interface RedisPart extends Part {
  readonly url: string;
}

/** Starts Redis, or takes that of REDIS_URL. Evicting keys would lose queued work: `noeviction`, as in production. */
export async function startRedis(context: PartContext): Promise<RedisPart> {
  const given = context.environment['REDIS_URL'];
  if (given) {
    if (!(await ping(given))) throw new Error('REDIS_URL does not answer');
    return Object.assign(new ExternalPart('redis', 'REDIS_URL'), { url: given });
  }
  const command = await ensureCommand('redis-server', context.environment, context.say);
  const server = new LocalRedis(context, command, context.passwords['redis'] ?? '', await context.ports.next());
  await server.start();
  return server;
}

class LocalRedis implements RedisPart {
  readonly name = 'redis';
  readonly external = false;
  readonly url: string;
  private process: ManagedProcess | undefined;

  constructor(
    private readonly context: PartContext,
    private readonly command: string,
    private readonly password: string,
    private readonly port: number,
  ) {
    this.url = `redis://:${password}@127.0.0.1:${port}`;
  }

  get running(): boolean {
    return this.process?.running ?? false;
  }

  async start(): Promise<void> {
    if (this.running) return;
    const data = await openFolder(path.join(this.context.dataFolder, 'redis'));
    const configuration = path.join(this.context.privateFolder, 'redis.conf');
    const lines = [
      'bind 127.0.0.1',
      `port ${this.port}`,
      `requirepass ${this.password}`,
      'maxmemory-policy noeviction',
      `appendonly ${this.context.durable ? 'yes' : 'no'}`,
      'save ""',
      `dir "${data}"`,
      'daemonize no',
    ];
    await writeFile(configuration, `${lines.join('\n')}\n`, { mode: 0o600 });
    this.process = this.context.group.spawn({
      name: 'redis',
      command: this.command,
      args: [configuration],
      env: { PATH: this.context.environment['PATH'] },
      logFile: path.join(this.context.privateFolder, 'redis.log'),
    });
    await this.process.waitUntil('ready', () => ping(this.url), START_TIMEOUT_MS);
  }

  async stop(): Promise<void> {
    await this.process?.stop();
  }

  async kill(): Promise<void> {
    await this.process?.kill();
  }
}

async function ping(url: string): Promise<boolean> {
  const client = new Redis(url, {
    lazyConnect: true,
    connectTimeout: 2_000,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.ping()) === 'PONG';
  } finally {
    client.disconnect();
  }
}
