import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../spec-support/database.js';
import { migrate, MigrationLockTimeoutError, migrationStatus, schemaDrift } from './migrations.js';

const FIRST = `
CREATE TABLE "thing" ("id" UUID NOT NULL, "name" TEXT NOT NULL, "amount" BIGINT NOT NULL, CONSTRAINT "thing_pkey" PRIMARY KEY ("id"));
ALTER TABLE "thing" ADD CONSTRAINT "thing_amount_check" CHECK ("amount" >= 0);
CREATE UNIQUE INDEX "thing_open" ON "thing" ("name") WHERE "amount" > 0;
CREATE INDEX "thing_lower" ON "thing" (lower("name"));
CREATE FUNCTION thing_frozen() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'frozen'; END $$;
CREATE TRIGGER thing_frozen BEFORE UPDATE ON "thing" FOR EACH ROW EXECUTE FUNCTION thing_frozen();`;
const SCHEMA = `
datasource db {
  provider = "postgresql"
}
model Thing {
  id     String @id @db.Uuid
  name   String
  amount BigInt
  @@map("thing")
}`;

describe('migrations in process', () => {
  let database: TestDatabase;
  let folder: string;

  beforeEach(async () => {
    database = await createTestDatabase();
    folder = mkdtempSync(join(tmpdir(), 'biplane-migrations-'));
    add('20260101000000_thing', FIRST);
    mkdirSync(join(folder, 'schema'));
    writeFileSync(join(folder, 'schema', 'thing.prisma'), SCHEMA);
  });

  afterEach(async () => {
    rmSync(folder, { recursive: true, force: true });
    await database.drop();
  });

  const add = (name: string, sql: string): void => {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'migration.sql'), sql);
  };

  it('the second run applies nothing, and the status says so', async () => {
    const options = { url: database.url, folder };
    expect((await migrationStatus(options)).pending).toEqual(['20260101000000_thing']);
    expect(await migrate(options)).toEqual(['20260101000000_thing']);
    expect(await migrate(options)).toEqual([]);
    add('20260102000000_more', 'ALTER TABLE "thing" ADD COLUMN "note" TEXT;');
    expect(await migrate(options)).toEqual(['20260102000000_more']);
    expect(await migrationStatus(options)).toEqual({
      applied: ['20260101000000_thing', '20260102000000_more'],
      pending: [],
      failed: [],
      unknown: [],
    });
  });

  it('what is up to date is found so without the engine, and what failed is not', async () => {
    const options = { url: database.url, folder };
    await migrate(options);
    const holder = new pg.Client({ connectionString: database.url });
    await holder.connect();
    await holder.query('SELECT pg_advisory_lock(72707369)'); // the engine's own lock: whoever asks it would wait here
    expect(await migrate(options)).toEqual([]);
    await holder.end();
    add('20260103000000_bad', 'SELECT 1/0;');
    await expect(migrate(options)).rejects.toThrow();
    rmSync(join(folder, '20260103000000_bad'), { recursive: true });
    await expect(migrate(options)).rejects.toThrow('20260103000000_bad');
  });

  it('of several processes at once each migration is applied by one', async () => {
    const runs = await Promise.all([1, 2, 3, 4].map(() => migrate({ url: database.url, folder })));
    expect(runs.flat()).toEqual(['20260101000000_thing']);
  });

  it('a lock that is held too long is a typed error', async () => {
    const holder = new pg.Client({ connectionString: database.url });
    await holder.connect();
    await holder.query('SELECT pg_advisory_lock(4711230817)');
    const refused = migrate({ url: database.url, folder, lockWaitMs: 100 });
    await expect(refused).rejects.toBeInstanceOf(MigrationLockTimeoutError);
    await holder.end();
    expect(await migrate({ url: database.url, folder })).toHaveLength(1);
  });

  it('a failed migration is reported and leaves nothing of itself', async () => {
    add('20260103000000_bad', 'CREATE TABLE "half" (id int); SELECT 1/0;');
    await expect(migrate({ url: database.url, folder })).rejects.toThrow();
    const status = await migrationStatus({ url: database.url, folder });
    expect(status.failed).toEqual(['20260103000000_bad']);
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    expect((await client.query(`SELECT to_regclass('half') AS half`)).rows).toEqual([{ half: null }]);
    await client.end();
  });

  it('drift is found in columns, and checks, triggers, partial and expression indexes are none', async () => {
    await migrate({ url: database.url, folder });
    const options = { url: database.url, schemaFolder: join(folder, 'schema') };
    expect(await schemaDrift(options)).toBeNull();
    add('20260104000000_drift', 'ALTER TABLE "thing" ADD COLUMN "surprise" TEXT;');
    await migrate({ url: database.url, folder });
    expect(await schemaDrift(options)).toContain('DROP COLUMN "surprise"');
  });
});
