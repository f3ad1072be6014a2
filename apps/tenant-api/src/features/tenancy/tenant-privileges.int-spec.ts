import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { homeRoleNames, tenantDatabaseName, tenantRoleNames } from '@biplane/licensing';
import { executeSql, type UnitOfWork } from '@biplane/service-kit';
import {
  FakeClock,
  newPlacement,
  requiredVariable,
  TestIssuer,
  testPostgres,
  testUnitOfWork,
  type TestPostgres,
} from '@biplane/testing';
import { dropHome } from '../../testing/drop-home.js';
import { HomeReplica, newFieldKey } from '../../testing/home-rig.js';
import { readTenantSchema } from './schema-folder.js';
import { urlFor, withSession } from './server-session.js';
import { ensureTemplate } from './tenant-template.js';

/** What the running service may not do to a table, besides what it may: the ledger, its papers and its audit. */
const TAKEN: Readonly<Record<string, readonly string[]>> = {
  account_item: ['DELETE', 'TRUNCATE'],
  item_period: ['DELETE', 'TRUNCATE'],
  journal_entry: ['DELETE', 'TRUNCATE', 'UPDATE'],
  ledger_account: ['DELETE', 'TRUNCATE'],
  letterhead: ['DELETE', 'TRUNCATE', 'UPDATE'],
  letterhead_logo: ['DELETE', 'TRUNCATE', 'UPDATE'],
  member_audit: ['DELETE', 'TRUNCATE', 'UPDATE'],
  posting: ['DELETE', 'TRUNCATE', 'UPDATE'],
  product: ['DELETE', 'TRUNCATE'],
  skipped_statement: ['DELETE', 'TRUNCATE', 'UPDATE'],
  statement: ['DELETE', 'TRUNCATE', 'UPDATE'],
  statement_mail: ['DELETE', 'TRUNCATE'],
  statement_paper: ['DELETE', 'TRUNCATE'],
};
const REVOKE = /'REVOKE ([A-Z, ]+) ON ([a-z_, ]+) FROM %I'/g;
const PAIRS = Object.entries(TAKEN).flatMap(([table, verbs]) => verbs.map((verb) => [table, verb] as const));

const superUrl = requiredVariable('TEST_POSTGRES_URL');
const schema = readTenantSchema();
const placement = newPlacement(randomUUID());
const { homeId, deploymentId } = placement;
const { runtime } = tenantRoleNames(deploymentId);
let homeDatabase: TestPostgres;
let unitOfWork: UnitOfWork;
let replica: HomeReplica;

/** In the database of the tenant, as somebody who may do anything. */
const asked = async <Row extends object>(sql: string, params: unknown[] = []): Promise<Row[]> => {
  const url = urlFor(superUrl, tenantDatabaseName(deploymentId));
  return withSession(url, async (session) => (await session.query(sql, params)).rows as Row[]);
};

beforeAll(async () => {
  const clock = new FakeClock('2026-04-10T12:00:00.000Z');
  const issuer = new TestIssuer('eu-1', clock.now());
  const [user, password] = [homeRoleNames(homeId).provisioner, randomBytes(12).toString('hex')];
  const provisionerUrl = urlFor(superUrl, 'postgres', { user, password });
  homeDatabase = await testPostgres('home');
  unitOfWork = await testUnitOfWork('home', homeDatabase.url);
  await withSession(superUrl, async (session) => {
    await session.query(`CREATE ROLE ${user} LOGIN CREATEDB CREATEROLE PASSWORD '${password}'`);
    await session.query(`GRANT CONNECT ON DATABASE postgres TO ${user}`);
  });
  await ensureTemplate({ provisionerUrl, homeId, schema });
  const [rootKey, fieldKey] = [issuer.rootPublicKey, newFieldKey()];
  replica = new HomeReplica({ clock, unitOfWork, rootKey, provisionerUrl, homeId, region: 'eu-1', fieldKey });
  await replica.keeper.takeRecord(issuer.keyRecord('k1'));
  await replica.keeper.takeRecord(issuer.licenseRecord(deploymentId, issuer.sign(issuer.claims(placement), 'k1')));
  await replica.reconciler.drain();
});
afterAll(async () => {
  await replica?.close();
  await unitOfWork?.close();
  await homeDatabase?.drop();
  await dropHome(superUrl, homeId, schema.hash);
});

describe('what was booked, without its triggers', () => {
  it('every table that a migration protects is named here, and every one that a trigger protects', async () => {
    const written = schema.names
      .flatMap((name) => [...readFileSync(join(schema.folder, name, 'migration.sql'), 'utf8').matchAll(REVOKE)])
      .flatMap(([, verbs, tables]) => tables!.split(', ').map((table) => [table, verbs!.split(', ').sort()] as const));
    expect(Object.fromEntries(written)).toEqual(TAKEN);
    const guarded = await asked<{ table: string; verb: string }>(
      `SELECT c.relname AS "table", verb FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
         JOIN pg_proc p ON p.oid = t.tgfoid, (VALUES (8, 'DELETE'), (16, 'UPDATE'), (32, 'TRUNCATE')) AS of_type (bit, verb)
        WHERE p.proname = 'ledger_is_append_only' AND t.tgtype::int & bit > 0`,
    );
    expect(guarded.length).toBeGreaterThan(0);
    expect(guarded.filter(({ table, verb }) => !TAKEN[table]?.includes(verb))).toEqual([]);
  });

  it('the role of the running service has no privilege to change or delete it', async () => {
    const granted = await asked<{ table: string; verb: string }>(
      `SELECT "table", verb FROM unnest($2::text[], $3::text[]) AS asked ("table", verb)
        WHERE has_table_privilege($1, "table", verb) OR has_any_column_privilege($1, "table", 'UPDATE') AND verb = 'UPDATE'`,
      [runtime, PAIRS.map(([table]) => table), PAIRS.map(([, verb]) => verb)],
    );
    expect(granted).toEqual([]);
    // What it works with it has: the question is of the right role.
    const [may] = await asked<{ read: boolean; add: boolean }>(
      `SELECT has_table_privilege($1, 'journal_entry', 'SELECT') AS read, has_table_privilege($1, 'journal_entry', 'INSERT') AS add`,
      [runtime],
    );
    expect(may).toEqual({ read: true, add: true });
  });

  it('PostgreSQL refuses the role that tries, before any trigger is asked', async () => {
    const columns = new Map(
      (
        await asked<{ table: string; name: string }>(
          `SELECT DISTINCT ON (attrelid) attrelid::regclass::text AS "table", quote_ident(attname) AS name FROM pg_attribute
            WHERE attnum > 0 AND NOT attisdropped AND attrelid = ANY($1::text[]::regclass[]) ORDER BY attrelid, attnum`,
          [Object.keys(TAKEN)],
        )
      ).map(({ table, name }) => [table, name]),
    );
    const handle = replica.handles.resolve(deploymentId);
    for (const [table, verb] of PAIRS) {
      const column = columns.get(table)!;
      const sql = {
        UPDATE: `UPDATE ${table} SET ${column} = ${column}`,
        DELETE: `DELETE FROM ${table}`,
        TRUNCATE: `TRUNCATE ${table}`,
      }[verb]!;
      const refusal = expect(handle.run((tx) => executeSql(tx, sql, []))).rejects;
      await refusal.toThrow(`permission denied for table ${table}`);
    }
  });
});
