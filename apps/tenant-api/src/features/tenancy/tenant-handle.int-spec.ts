import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { executeSql, type UnitOfWork } from '@biplane/service-kit';
import { testPostgres, testUnitOfWork, type TestPostgres } from '@biplane/testing';
import { draining } from '../license/index.js';
import { TenantHandle } from './tenant-handle.js';
import type { TenantPools } from './tenant-pools.js';

const REFUSED = { failure: { code: 'PLACEMENT.DRAINING', status: 503 } };
let postgres: TestPostgres;
let database: UnitOfWork;

beforeAll(async () => {
  postgres = await testPostgres('tenant');
  const url = new URL(postgres.url);
  // As the login of a home is that a deployment is being moved away from.
  url.searchParams.set('options', '-c default_transaction_read_only=on');
  database = await testUnitOfWork('tenant', url.toString());
});
afterAll(async () => {
  await database?.close();
  await postgres?.drop();
});

/** `meanwhile`: while a connection is waited for. */
function handleOf(beforeWrite: () => void, meanwhile: () => void): TenantHandle {
  const pools = {
    use: async (_: string, work: (database: UnitOfWork) => Promise<unknown>) => {
      meanwhile();
      return work(database);
    },
  } as unknown as TenantPools<UnitOfWork>;
  return new TenantHandle(randomUUID(), randomUUID(), 1, pools, beforeWrite);
}

describe('a handle of a deployment that is being moved', () => {
  it('a write is refused as such by its database, whatever license the process goes by', async () => {
    const handle = handleOf(() => undefined, () => undefined); // prettier-ignore
    const write = handle.run((tx) => executeSql(tx, `INSERT INTO product VALUES ('a', 'A', now())`));
    await expect(write).rejects.toMatchObject(REFUSED);
  });

  it('a transaction that begins after the license came is refused, though it was asked for before', async () => {
    let isDraining = false;
    let begun = 0;
    const beforeWrite = (): void => {
      if (isDraining) throw draining();
    };
    const handle = handleOf(beforeWrite, () => (isDraining = true));
    await expect(handle.run(async () => (begun += 1))).rejects.toMatchObject(REFUSED);
    expect(begun).toBe(0);
  });
});
