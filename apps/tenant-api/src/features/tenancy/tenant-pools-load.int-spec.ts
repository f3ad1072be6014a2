import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RefusalError } from '@biplane/kernel';
import { querySql, type UnitOfWork } from '@biplane/service-kit';
import { requiredVariable, sizeOfRun, testPostgres, waitFor, type TestPostgres } from '@biplane/testing';
import { openTenantDatabase } from '../../database.js';
import { paced } from '../../testing/paced.js';
import { urlFor, withSession } from './server-session.js';
import { POOL_LIMITS, TenantPools, type PoolLimits } from './tenant-pools.js';

// SOAK=1 takes the thousand databases of the catalog at 300 requests a second, under the limits of the service; a run in CI takes
// sixty under limits that are as much smaller.
const DATABASES = sizeOfRun({ soak: 1_000, ci: 60 });
const REQUESTS = sizeOfRun({ soak: 9_000, ci: 400 });
const PER_SECOND = sizeOfRun({ soak: 300, ci: 60 });
const limits: PoolLimits = {
  ...POOL_LIMITS,
  connectionsMax: sizeOfRun({ soak: POOL_LIMITS.connectionsMax, ci: 12 }),
  poolsMax: sizeOfRun({ soak: POOL_LIMITS.poolsMax, ci: 12 }),
  // Machines are shared: a tenant is starved when it never gets in, not when the machine is slow.
  waitMs: 30_000,
};
const BUSY_MAX = limits.connectionsMax * 0.25;

const superUrl = requiredVariable('TEST_POSTGRES_URL');
const prefix = `pools_${randomBytes(4).toString('hex')}_`;
const names = Array.from({ length: DATABASES }, (_, index) => `${prefix}${index}`);
let model: TestPostgres;

beforeAll(async () => {
  model = await testPostgres('tenant');
  await withSession(superUrl, async (session) => {
    for (const name of names) await session.query(`CREATE DATABASE ${name} TEMPLATE ${model.name} STRATEGY WAL_LOG`);
  });
}, 900_000);
afterAll(async () => {
  await withSession(superUrl, async (session) => {
    for (const name of names) await session.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  });
  await model.drop();
}, 900_000);

/** What the server holds for these tenants now: in all, and for the busy one. */
async function held(): Promise<{ all: number; busy: number }> {
  return withSession(superUrl, async (session) => {
    const { rows } = await session.query<{ all: number; busy: number }>(
      `SELECT count(*)::int AS all, count(*) FILTER (WHERE datname = $1)::int AS busy
         FROM pg_stat_activity WHERE datname LIKE $2 || '%' AND application_name = 'biplane-tenant'`,
      [names[0], prefix],
    );
    return rows[0] ?? { all: 0, busy: 0 };
  });
}

const isBusy = (error: unknown): boolean =>
  error instanceof RefusalError ? error.failure.code === 'TENANCY.BUSY' : /connection timeout/.test(String(error));

describe('TenantPools under load', () => {
  it('E11: many tenants in random order stay within the connections, nobody is starved, and a busy one has a quarter at most', async () => {
    const open = async (name: string): Promise<UnitOfWork> =>
      openTenantDatabase(urlFor(superUrl, name), { poolMax: limits.connectionsPerPoolMax, idleMs: limits.idleMs });
    const pools = new TenantPools(open, limits);
    const served = new Map<string, number>();
    const refused: unknown[] = [];
    const touch = async (name: string, sql = 'SELECT 1 FROM tenant_info'): Promise<boolean> => {
      try {
        await pools.use(name, (tenant) => querySql(tenant.reader, sql));
        served.set(name, (served.get(name) ?? 0) + 1);
      } catch (error) {
        // Whoever finds no connection in two seconds comes again, as the answer says; a busy machine has such seconds.
        if (isBusy(error)) return false;
        refused.push(error instanceof RefusalError ? error.failure.code : error);
      }
      return true;
    };
    const asked = async (name: string): Promise<void> => void (await waitFor(`a turn of ${name}`, () => touch(name)));
    let isOver = false;
    const busy = Array.from({ length: 20 }, async () => {
      while (!isOver) await touch(names[0]!, 'SELECT 1 FROM pg_sleep(0.05)');
    });
    const seen = { all: 0, busy: 0 };
    const watch = (async () => {
      while (!isOver) {
        const now = await held();
        seen.all = Math.max(seen.all, now.all);
        seen.busy = Math.max(seen.busy, now.busy);
      }
    })();
    // Each is asked at least once, the rest by lot.
    const chosen = (no: number): number => (no < DATABASES ? no : Math.floor(Math.random() * DATABASES));
    await paced(REQUESTS, PER_SECOND, (no) => asked(names[chosen(no)]!));
    isOver = true;
    await Promise.all([...busy, watch]);
    expect(refused).toEqual([]);
    expect(served.size).toBe(DATABASES);
    expect(seen.all).toBeGreaterThan(limits.connectionsMax / 2);
    expect(seen.all).toBeLessThanOrEqual(limits.connectionsMax);
    expect(seen.busy).toBeGreaterThan(0);
    expect(seen.busy).toBeLessThanOrEqual(BUSY_MAX);
    await pools.closeAll();
    expect(pools.connections).toBe(0);
  }, 300_000);
});
