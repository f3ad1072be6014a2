import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { orThrow, parseTenantId, type TenantId } from '@biplane/kernel';
import { openDatabase, querySql, type PrismaAdapter, type UnitOfWork } from '@biplane/service-kit';
import { eventually } from '@biplane/testing';
import { createCoreClient } from '../../database.js';
import { billingRig, type BillingRig } from '../../testing/billing-rig.js';
import { insertRollupTenants, publishRollupPlan } from '../../testing/rollup-scene.js';
import { MonthlyBillingService, TENANTS_MAX } from './monthly-billing.service.js';

let rig: BillingRig;
let billing: MonthlyBillingService;
let counted: UnitOfWork;
let statements = 0;
let ids: TenantId[];

beforeAll(async () => {
  rig = await billingRig('2026-05-03T00:00:00.000Z');
  billing = rig.core.app.get(MonthlyBillingService);
  await publishRollupPlan(rig.admin);
  const timeZones = ['UTC', 'Australia/Brisbane', 'America/New_York'];
  await insertRollupTenants(rig.postgres, { count: TENANTS_MAX, timeZones });
  const rows = await rig.postgres.query<{ id: string }>('SELECT id::text AS id FROM tenant ORDER BY id');
  ids = rows.map(({ id }) => orThrow(parseTenantId(id)));
  counted = openDatabase({
    url: rig.postgres.url,
    applicationName: 'counting',
    clientFactory: (adapter) => createCoreClient(counting(adapter)),
  });
  // Its first statement compiles the client, which on a busy machine takes longer than a connection may.
  await eventually(() => querySql(counted.reader, 'SELECT 1'));
});
afterAll(async () => {
  await counted?.close();
  await rig?.close();
});

/** The same adapter, each statement of which is counted. */
function counting(adapter: PrismaAdapter): PrismaAdapter {
  const connect = async () => {
    const connection = await adapter.connect();
    const queryRaw: typeof connection.queryRaw = (query) => {
      statements += 1;
      return connection.queryRaw(query);
    };
    return new Proxy(connection, { get: (target, name) => (name === 'queryRaw' ? queryRaw : bound(target, name)) });
  };
  return new Proxy(adapter, { get: (target, name) => (name === 'connect' ? connect : bound(target, name)) });
}

function bound(target: object, name: string | symbol): unknown {
  const value: unknown = Reflect.get(target, name);
  return typeof value === 'function' ? (value.bind(target) as unknown) : value;
}

async function statementsOf(tenantIds: readonly TenantId[]): Promise<number> {
  statements = 0;
  const bills = await billing.calculateManyIn(counted.reader, tenantIds, '2026-04');
  expect([...bills.values()].filter(({ ok }) => ok)).toHaveLength(tenantIds.length);
  return statements;
}

describe('the facts of many bills', () => {
  it('takes as many statements for 500 tenants as for one, and no more than fifteen', async () => {
    const first = await statementsOf(ids.slice(0, 1));
    expect(first).toBeLessThanOrEqual(15);
    const one = await statementsOf(ids.slice(0, 1));
    expect(one).toBeGreaterThan(5);
    expect([await statementsOf(ids.slice(0, 50)), await statementsOf(ids)]).toEqual([one, one]);
  });

  it('computed at once they are the bills that each one has by itself, in any order', async () => {
    const together = await billing.calculateMany([...ids].reverse(), '2026-04');
    for (const id of ids.filter((_, index) => index % 50 === 0)) {
      const alone = await billing.calculateMonthlyBilling(id, '2026-04');
      expect(JSON.stringify(orThrow(together.get(id)!).json)).toBe(JSON.stringify(alone));
      expect(alone.lines.length).toBeGreaterThan(1);
    }
  });

  it('who cannot be billed fails alone', async () => {
    const nobody = orThrow(parseTenantId('00000000-0000-7000-8000-000000000000'));
    const bills = await billing.calculateMany([nobody, ids[0]!], '2026-04');
    expect([bills.get(nobody), bills.get(ids[0]!)]).toMatchObject([
      { error: { code: 'TENANT.NOT_FOUND' } },
      { ok: true },
    ]);
  });

  it('more than a chunk at once is refused', async () => {
    const many = Array<TenantId>(TENANTS_MAX + 1).fill(ids[0]!);
    await expect(billing.calculateMany(many, '2026-04')).rejects.toThrow(RangeError);
  });
});
