import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { migrate, openDatabase, type PrismaAdapter, type UnitOfWork } from '@biplane/service-kit';
import pg from 'pg';
import { requiredVariable } from '../test-environment.js';
import { migrationsFolder, type SchemaName } from './workspace.js';

export interface TestPostgres {
  readonly name: string;
  /** As super user. */
  readonly url: string;
  query<Row extends object>(sql: string, values?: unknown[]): Promise<Row[]>;
  drop(): Promise<void>;
}

const TEMPLATE_LOCK = 4_711_230_818;
/** A new connection costs both sides 19 ms of processor time, a statement one: what is asked again and again keeps its own. */
const KEPT = { max: 20, idleTimeoutMillis: 1_000, allowExitOnIdle: true };
/** What a statement sets for its session must not reach the next one. */
const CHANGES_SESSION = /^\s*SET\s/i;

/** A database of its own, cloned from a migrated template. Drop it after the suite. */
export async function testPostgres(schema: SchemaName): Promise<TestPostgres> {
  const template = await templateOf(schema);
  const name = `test_${schema}_${randomBytes(6).toString('hex')}`;
  await administer((client) => client.query(`CREATE DATABASE ${name} TEMPLATE ${template} STRATEGY WAL_LOG`));
  const url = urlOf(name);
  const pool = new pg.Pool({ connectionString: url, ...KEPT });
  // One that the server ends while it rests is nobody's error: the next statement opens another.
  pool.on('error', () => undefined);
  return {
    name,
    url,
    query: async <Row extends object>(sql: string, values: unknown[] = []) => {
      if (CHANGES_SESSION.test(sql))
        return connected(url, async (client) => (await client.query<Row>(sql, values)).rows);
      return (await pool.query<Row>(sql, values)).rows;
    },
    drop: async () => {
      // First, by force: a statement that a failed test has left waiting would keep the pool from its end.
      await administer((client) => client.query(`DROP DATABASE ${name} WITH (FORCE)`));
      await pool.end();
    },
  };
}

/** The unit of work over a test database, with the generated client of its schema. Close it before the drop. */
export async function testUnitOfWork(schema: SchemaName, url: string): Promise<UnitOfWork> {
  // A computed name: as a static import it would tie this shared library to a plane.
  const { PrismaClient } = (await import(['@biplane', `prisma-${schema}`].join('/'))) as {
    PrismaClient: new (options: { adapter: PrismaAdapter }) => unknown;
  };
  return openDatabase({ url, clientFactory: (adapter) => new PrismaClient({ adapter }), poolMax: 5 });
}

/** One template per content of the migrations, made by whichever Jest worker comes first; it stays for the next run. */
async function templateOf(schema: SchemaName): Promise<string> {
  const folder = migrationsFolder(schema);
  const template = `template_${schema}_${hashOf(folder)}`;
  await administer(async (client) => {
    await client.query('SELECT pg_advisory_lock($1)', [TEMPLATE_LOCK]);
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [template]);
    if (rowCount) return;
    // A worker that was killed half-way leaves this one behind, never a half-made template.
    const building = `${template}_building`;
    await client.query(`DROP DATABASE IF EXISTS ${building} WITH (FORCE)`);
    await client.query(`CREATE DATABASE ${building}`);
    await migrate({ url: urlOf(building), folder });
    await client.query(`ALTER DATABASE ${building} RENAME TO ${template}`);
  });
  return template;
}

function hashOf(folder: string): string {
  const hash = createHash('sha256');
  for (const name of readdirSync(folder).sort()) {
    if (!statSync(join(folder, name)).isDirectory()) continue;
    hash
      .update(`${name}\0`)
      .update(readFileSync(join(folder, name, 'migration.sql')))
      .update('\0');
  }
  return hash.digest('hex').slice(0, 12);
}

function urlOf(database: string): string {
  const url = new URL(requiredVariable('TEST_POSTGRES_URL'));
  url.pathname = `/${database}`;
  return url.href;
}

async function administer<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  return connected(requiredVariable('TEST_POSTGRES_URL'), work);
}

export async function connected<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
