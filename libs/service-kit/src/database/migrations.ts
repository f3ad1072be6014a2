import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MigrationList } from '@prisma/schema-engine-wasm/schema_engine_bg';
import pg from 'pg';
import { NO_FILTERS, withSchemaEngine } from './schema-engine.js';

export interface MigrateOptions {
  /** Of the role that owns the schema. */
  readonly url: string;
  /** The folder of `<YYYYMMDDHHMMSS>_<feature>/migration.sql`. */
  readonly folder: string;
  /** How long to wait for another process that migrates this database; 60 s by default. */
  readonly lockWaitMs?: number;
}

export interface MigrationStatus {
  readonly applied: readonly string[];
  readonly pending: readonly string[];
  /** Began and never finished: needs a person. */
  readonly failed: readonly string[];
  /** Applied, but not in the folder: the database is newer than the program. */
  readonly unknown: readonly string[];
}

/** Another process held the migration lock for the whole time. */
export class MigrationLockTimeoutError extends Error {
  override readonly name = 'MigrationLockTimeoutError';
}

/**
 * The session lock of whoever migrates a database. Distinct from the lock of Prisma's engine, which is taken inside this one and so always
 * free.
 */
export const MIGRATION_LOCK_KEY = '4711230817';
const LOCK_WAIT_MS = 60_000;
const NAME = /^[0-9]{14}_[a-z0-9_]+$/;

/**
 * Applies what is pending, in order; returns the names. Harmless when repeated; of several at once the others wait.
 * A migration that fails is recorded as failed and throws; its own SQL is one transaction unless it says otherwise.
 */
export async function migrate(options: MigrateOptions): Promise<readonly string[]> {
  return withLock(options, async () => {
    // Nearly every start finds nothing to do; loading the engine to hear so costs more than the rest of its way to the database.
    const { pending, failed } = await migrationStatus(options);
    if (pending.length === 0 && failed.length === 0) return [];
    return withSchemaEngine(options.url, null, async (engine) => {
      const applied = await engine.applyMigrations({ migrationsList: listOf(options.folder), filters: NO_FILTERS });
      return applied.appliedMigrationNames;
    });
  });
}

/** What stands in the database, compared with the folder. Changes nothing and waits for no lock. */
export async function migrationStatus({ url, folder }: MigrateOptions): Promise<MigrationStatus> {
  const client = await connect(url);
  try {
    const rows = await client
      .query<{ name: string; finished: boolean }>(
        `SELECT migration_name AS name, finished_at IS NOT NULL AS finished FROM _prisma_migrations
          WHERE rolled_back_at IS NULL ORDER BY migration_name`,
      )
      .then(({ rows: found }) => found)
      .catch((error: unknown) => {
        if ((error as { code?: unknown }).code === '42P01') return []; // no table yet: nothing is applied
        throw error;
      });
    const names = migrationNames(folder);
    const applied = rows.filter((row) => row.finished).map((row) => row.name);
    return {
      applied,
      pending: names.filter((name) => !applied.includes(name)),
      failed: rows.filter((row) => !row.finished).map((row) => row.name),
      unknown: applied.filter((name) => !names.includes(name)),
    };
  } finally {
    await client.end();
  }
}

/**
 * The SQL that would bring the database to the schema files, or null when they agree. Run it on a database to which the
 * migrations were just applied. Partial and expression indexes, checks, triggers and functions are not Prisma's to know:
 * they live in migrations only and are no drift.
 */
export async function schemaDrift(options: { url: string; schemaFolder: string }): Promise<string | null> {
  const files = readdirSync(options.schemaFolder)
    .filter((name) => name.endsWith('.prisma'))
    .sort()
    .map((name) => ({ path: name, content: readFileSync(join(options.schemaFolder, name), 'utf8') }));
  const datamodels = files.map(({ path, content }): [string, string] => [path, content]);
  return withSchemaEngine(options.url, datamodels, async (engine) => {
    const { stdout } = await engine.diff({
      from: { tag: 'schemaDatasource', files, configDir: options.schemaFolder },
      to: { tag: 'schemaDatamodel', files },
      script: true,
      shadowDatabaseUrl: null,
      exitCode: null,
      filters: NO_FILTERS,
    } as Parameters<typeof engine.diff>[0]);
    const script = (stdout ?? '').replace(/^--.*$/gm, '').trim();
    return script === '' ? null : script;
  });
}

/** Lets the runtime role read and write what the owner made, now and later, and nothing else. */
export async function grantRuntimeRole({ url, role }: { url: string; role: string }): Promise<void> {
  const name = pg.escapeIdentifier(role);
  const client = await connect(url);
  try {
    await client.query(
      `GRANT USAGE ON SCHEMA public TO ${name};
       GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${name};
       GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO ${name};
       ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO ${name};
       ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO ${name};
       REVOKE INSERT, UPDATE, DELETE ON _prisma_migrations FROM ${name};`,
    );
  } finally {
    await client.end();
  }
}

async function withLock<T>(options: MigrateOptions, work: () => Promise<T>): Promise<T> {
  const client = await connect(options.url);
  try {
    await client.query(`SET lock_timeout = ${Math.trunc(options.lockWaitMs ?? LOCK_WAIT_MS)}`);
    await client.query(`SELECT pg_advisory_lock(${MIGRATION_LOCK_KEY})`).catch((error: unknown) => {
      if ((error as { code?: unknown }).code !== '55P03') throw error;
      throw new MigrationLockTimeoutError('Another process migrates this database');
    });
    return await work();
  } finally {
    // Ending the session releases the lock, whatever happened.
    await client.end();
  }
}

async function connect(connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

function migrationNames(folder: string): string[] {
  const names = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return names
    .map((entry) => entry.name)
    .filter((name) => NAME.test(name))
    .sort();
}

function listOf(folder: string): MigrationList {
  return {
    baseDir: folder,
    lockfile: { path: 'migration_lock.toml', content: 'provider = "postgresql"' },
    shadowDbInitScript: '',
    migrationDirectories: migrationNames(folder).map((name) => ({
      path: name,
      migrationFile: {
        path: 'migration.sql',
        content: { tag: 'ok', value: readFileSync(join(folder, name, 'migration.sql'), 'utf8') },
      },
    })),
  };
}
