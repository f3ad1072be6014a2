import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { executeSql, grantRuntimeRole, schemaDrift, type UnitOfWork } from '@biplane/service-kit';
import { migrationsFolder, testPostgres, testUnitOfWork, type TestPostgres } from '@biplane/testing';
import {
  INSERT_ONLY_TABLES,
  INVOICE_COLUMNS,
  PLAN_VERSION_COLUMNS,
  restrictRuntimeRole,
  UNCHANGED_TABLES,
} from './privileges.js';
import { RETENTION } from './retention.module.js';

const role = `runtime_${randomBytes(6).toString('hex')}`;
let postgres: TestPostgres;
let unitOfWork: UnitOfWork;

beforeAll(async () => {
  postgres = await testPostgres('core');
  unitOfWork = await testUnitOfWork('core', postgres.url);
  await postgres.query(`CREATE ROLE ${role}`);
});
afterAll(async () => {
  await unitOfWork?.close();
  await postgres?.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  await postgres?.drop();
});

describe('the core database', () => {
  it('has migrations that equal its schema', async () => {
    const schemaFolder = join(migrationsFolder('core'), '../schema');
    expect(await schemaDrift({ url: postgres.url, schemaFolder })).toBeNull();
  });

  it('lets the runtime role add and read what is for ever, and no more, however often it is granted', async () => {
    for (let run = 0; run < 2; run += 1) {
      await grantRuntimeRole({ url: postgres.url, role });
      await unitOfWork.run((tx) => restrictRuntimeRole(tx, role));
    }
    for (const table of INSERT_ONLY_TABLES)
      expect([table, await granted(table)]).toEqual([table, ['INSERT', 'SELECT']]);
    for (const table of UNCHANGED_TABLES) {
      expect([table, await granted(table)]).toEqual([table, ['DELETE', 'INSERT', 'SELECT']]);
    }
  });

  it.each(RETENTION.map((rule) => [rule.name, rule] as const))(
    'lets the runtime role forget %s when its time is over',
    async (_, { forget }) => {
      const asRuntime = unitOfWork.run(async (tx) => {
        await executeSql(tx, `SET LOCAL ROLE ${role}`);
        return forget(tx, new Date(0), 1);
      });
      await expect(asRuntime).resolves.toBe(0);
    },
  );

  const granted = async (table: string) => {
    const privileges = await postgres.query<{ privilege: string }>(
      `SELECT privilege_type AS privilege FROM information_schema.role_table_grants
       WHERE grantee = $1 AND table_name = $2 ORDER BY privilege_type`,
      [role, table],
    );
    return privileges.map(({ privilege }) => privilege);
  };

  const writable = async (table: string) => {
    const columns = await postgres.query<{ name: string }>(
      `SELECT column_name AS name FROM information_schema.column_privileges
       WHERE grantee = $1 AND table_name = $2 AND privilege_type = 'UPDATE' ORDER BY column_name`,
      [role, table],
    );
    return columns.map(({ name }) => name);
  };

  it('a published plan version cannot be changed by the runtime role, a draft only be published', async () => {
    expect(await writable('plan_version')).toEqual([...PLAN_VERSION_COLUMNS]);
  });

  it('of an issued invoice the runtime role can write only what it is settled with', async () => {
    expect(await writable('invoice')).toEqual([...INVOICE_COLUMNS]);
  });

  it.each(['meter', 'addon', 'tax', 'plan'])('keeps each %s as it was added, from the owner too', async (table) => {
    const triggers = await postgres.query<{ name: string }>(
      `SELECT tgname AS name FROM pg_trigger WHERE tgrelid = $1::regclass AND NOT tgisinternal`,
      [table],
    );
    expect(triggers).toEqual([{ name: `${table}_insert_only` }]);
  });
});
