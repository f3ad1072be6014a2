import { execFile } from 'node:child_process';
import { chown, mkdir, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import type { ManagedProcess } from './managed-process.js';
import { ExternalPart, type Part, type PartContext } from './part.js';
import { postgresBinaries, postgresUser } from './postgres-binaries.js';

const run = promisify(execFile);
// After a SIGKILL the new server waits for the old one's children to leave the shared memory.
const START_TIMEOUT_MS = 60_000;

export interface PostgresPart extends Part {
  /** As superuser, on the database `postgres`. */
  readonly url: string;
}

/** Starts PostgreSQL, or takes the one of DATABASE_URL (its role must be able to create databases and roles). */
export async function startPostgres(context: PartContext): Promise<PostgresPart> {
  const given = context.environment['DATABASE_URL'];
  if (given) {
    const part = Object.assign(new ExternalPart('postgres', 'DATABASE_URL'), { url: given });
    await ping(given);
    return part;
  }
  const binaries = await postgresBinaries(context.cache);
  const password = context.passwords['postgres'];
  if (!password) throw new Error('No password was generated for PostgreSQL');
  const server = new LocalPostgres(context, binaries, await postgresUser(), password, await context.ports.next());
  await server.initialise();
  await server.start();
  return server;
}

class LocalPostgres implements PostgresPart {
  readonly name = 'postgres';
  readonly external = false;
  readonly url: string;
  private process: ManagedProcess | undefined;
  private readonly data: string;

  constructor(
    private readonly context: PartContext,
    private readonly binaries: string,
    private readonly user: { uid: number; gid: number } | undefined,
    private readonly password: string,
    private readonly port: number,
  ) {
    this.data = path.join(context.dataFolder, 'postgres');
    this.url = `postgresql://postgres:${password}@127.0.0.1:${port}/postgres`;
  }

  get running(): boolean {
    return this.process?.running ?? false;
  }

  async initialise(): Promise<void> {
    const complete = path.join(this.data, 'biplane-initialised');
    if (await exists(complete)) return;
    // Half-made by a run that was killed: nothing in it was ever used.
    await rm(this.data, { recursive: true, force: true });
    await mkdir(this.data, { recursive: true, mode: 0o700 });
    const passwordFile = path.join(this.data, '..', 'initdb-password');
    await writeFile(passwordFile, `${this.password}\n`, { mode: 0o600 });
    if (this.user) {
      await chown(this.data, this.user.uid, this.user.gid);
      await chown(passwordFile, this.user.uid, this.user.gid);
    }
    const options = ['--auth=scram-sha-256', '--username=postgres', '--encoding=UTF8', '--locale=C', '--no-sync'];
    try {
      await run(
        path.join(this.binaries, 'bin', 'initdb'),
        [`--pgdata=${this.data}`, `--pwfile=${passwordFile}`, ...options],
        { cwd: '/', env: this.childEnvironment(), ...this.user },
      );
    } finally {
      await rm(passwordFile, { force: true });
    }
    await writeFile(complete, '');
  }

  async start(): Promise<void> {
    if (this.running) return;
    const settings: Record<string, string | number> = {
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      max_connections: 400,
      shared_buffers: '128MB',
      log_min_messages: 'warning',
      ...(this.context.durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
    };
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const deadline = performance.now() + START_TIMEOUT_MS;
    for (;;) {
      this.process = this.context.group.spawn({
        name: 'postgres',
        command: path.join(this.binaries, 'bin', 'postgres'),
        args: ['-D', this.data, '-p', String(this.port), ...flags],
        env: this.childEnvironment(),
        logFile: path.join(this.context.privateFolder, 'postgres.log'),
        stopSignal: 'SIGINT',
        ...this.user,
      });
      try {
        await this.process.waitUntil('ready', () => ping(this.url), deadline - performance.now());
        return;
      } catch (error) {
        await this.process.stop(5_000);
        if (performance.now() > deadline - START_TIMEOUT_MS / 2) throw error;
      }
    }
  }

  async stop(): Promise<void> {
    await this.process?.stop();
  }

  async kill(): Promise<void> {
    await this.process?.kill();
  }

  private childEnvironment(): NodeJS.ProcessEnv {
    return { PATH: this.context.environment['PATH'], LC_ALL: 'C', TZ: 'UTC' };
  }
}

async function ping(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query('SELECT 1');
    return true;
  } finally {
    await client.end();
  }
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
