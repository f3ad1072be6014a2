import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { querySql, type UnitOfWork } from '@biplane/service-kit';
import { eventually, sizeOfRun, testPostgres, type TestPostgres } from '@biplane/testing';
import { openTenantDatabase } from '../../database.js';
import { POOL_LIMITS, TenantPools } from './tenant-pools.js';

// SOAK=1 takes the thousand evictions of the catalog; a run in CI takes sixty.
const EVICTIONS = sizeOfRun({ soak: 1_000, ci: 60 });
const limits = { ...POOL_LIMITS, connectionsMax: 6, poolsMax: 4 };

let database: TestPostgres;
beforeAll(async () => {
  database = await testPostgres('tenant');
});
afterAll(async () => database.drop());

const serverConnections = async (): Promise<number> => {
  const [row] = await database.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = $1 AND application_name = 'biplane-tenant'`,
    [database.name],
  );
  return row?.count ?? 0;
};

describe('TenantPools on PostgreSQL', () => {
  it('evictions leave no connection and no memory behind', async () => {
    const open = async (): Promise<UnitOfWork> => openTenantDatabase(database.url, { poolMax: 3, idleMs: 30_000 });
    const pools = new TenantPools(open, limits);
    const ask = (key: string): Promise<unknown> => pools.use(key, (tenant) => querySql(tenant.reader, 'SELECT 1'));
    let serverMax = 0;
    let heapAfterWarmUp = 0;
    for (let tenant = 0; tenant < EVICTIONS; tenant += 2) {
      await Promise.all([ask(`t${tenant}`), ask(`t${tenant}`), ask(`t${tenant + 1}`)]);
      if (tenant % 10 === 0) serverMax = Math.max(serverMax, await serverConnections());
      if (tenant === EVICTIONS / 2) heapAfterWarmUp = process.memoryUsage().heapUsed;
    }
    expect(serverMax).toBeGreaterThan(0);
    expect(serverMax).toBeLessThanOrEqual(limits.connectionsMax);
    await pools.closeAll();
    await eventually(async () => expect(await serverConnections()).toBe(0));
    // A client that leaked would hold over a megabyte: half the evictions may not add that much each.
    const grownBytes = process.memoryUsage().heapUsed - heapAfterWarmUp;
    expect(grownBytes).toBeLessThan(Math.max(64, EVICTIONS / 4) * 1024 * 1024);
  });
});
