import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';

const run = promisify(execFile);
const DEBIAN = '/usr/lib/postgresql';
const START_MS = 30_000;
const PASSWORD = 'rehearsal';

export interface Programs {
  readonly folder: string;
  readonly version: string;
}

/** Of the newest PostgreSQL that Debian's packages have put here. */
export function findPrograms(): Programs {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a)) : [];
  const version = versions.find((name) => existsSync(path.join(DEBIAN, name, 'bin', 'initdb')));
  if (version === undefined) {
    throw new Error('PostgreSQL with its clients is missing: apt-get install --no-install-recommends postgresql');
  }
  return { folder: path.join(DEBIAN, version, 'bin'), version };
}

/** PostgreSQL does not run as root: then it runs as the user that its package made. */
async function userOfServer(): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const id = async (flag: string): Promise<number> => Number((await run('id', [flag, 'postgres'])).stdout);
  return { uid: await id('-u'), gid: await id('-g') };
}

/** One server with its data in a folder of its own; thrown away as a disk is. */
export class PostgresServer {
  private constructor(
    private readonly programs: Programs,
    private readonly process: ChildProcess,
    readonly port: number,
  ) {}

  static async start(programs: Programs, folder: string): Promise<PostgresServer> {
    const user = await userOfServer();
    const own = (file: string): void => (user ? chownSync(file, user.uid, user.gid) : undefined);
    mkdirSync(folder, { recursive: true });
    own(folder);
    const passwordFile = path.join(folder, 'password');
    writeFileSync(passwordFile, PASSWORD, { mode: 0o600 });
    own(passwordFile);
    const data = path.join(folder, 'data');
    const initdb = ['-D', data, '-U', 'postgres', '-A', 'scram-sha-256', '--pwfile', passwordFile, '-E', 'UTF8'];
    await run(path.join(programs.folder, 'initdb'), [...initdb, '--locale', 'C.UTF-8'], { ...user, cwd: folder });
    const port = await freePort();
    const settings = ['-c', 'listen_addresses=127.0.0.1', '-c', `port=${port}`, '-c', 'unix_socket_directories='];
    const child = spawn(path.join(programs.folder, 'postgres'), ['-D', data, ...settings], {
      ...user,
      cwd: folder,
      stdio: 'ignore',
    });
    const server = new PostgresServer(programs, child, port);
    await server.ready();
    return server;
  }

  url(database = 'postgres', user = 'postgres', password = PASSWORD): string {
    return `postgresql://${user}:${password}@127.0.0.1:${this.port}/${database}`;
  }

  /** One of PostgreSQL's programs against this server, as its super user. */
  async program(name: string, args: readonly string[]): Promise<string> {
    const env = {
      ...process.env,
      PGHOST: '127.0.0.1',
      PGPORT: String(this.port),
      PGUSER: 'postgres',
      PGPASSWORD: PASSWORD,
    };
    const { stdout } = await run(path.join(this.programs.folder, name), [...args], { env, maxBuffer: 1 << 28 });
    return stdout;
  }

  async query<Row extends pg.QueryResultRow>(sql: string, url = this.url(), values: unknown[] = []): Promise<Row[]> {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
    await client.connect();
    try {
      return (await client.query<Row>(sql, values)).rows;
    } finally {
      await client.end();
    }
  }

  /** As a power cut. */
  async kill(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const ended = new Promise((resolve) => this.process.once('exit', resolve));
    this.process.kill('SIGQUIT');
    await ended;
  }

  private async ready(): Promise<void> {
    const until = performance.now() + START_MS;
    for (;;) {
      try {
        await this.query('SELECT 1');
        return;
      } catch (error) {
        if (this.process.exitCode !== null) throw new Error('PostgreSQL ended at its start', { cause: error });
        if (performance.now() > until) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}
