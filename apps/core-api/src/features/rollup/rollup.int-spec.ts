import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { idOf, ServiceClient } from '@biplane/testing';
import { rowsByTable } from '../../testing/row-counts.js';
import { coreSuite, type CoreSuite } from '../../testing/core-suite.js';
import { insertRollupTenants, publishRollupPlan } from '../../testing/rollup-scene.js';
import type { RollupDto } from './rollup.dto.js';

const TENANTS = 12;
const homeId = randomUUID();
let suite: CoreSuite;

beforeAll(async () => {
  suite = await coreSuite({
    startAt: '2026-05-02T12:00:00.000Z',
    clients: { reader: ['platform:read'] },
  });
  await publishRollupPlan(suite.admin);
  await insertRollupTenants(suite.postgres, { count: TENANTS, homeId });
});
afterAll(async () => {
  await suite?.close();
});

const rollup = async (query = '', status = 200) =>
  (await suite.admin.expect(status, 'POST', `/api/v1/admin/billing/rollup?period=2026-04${query}`)) as RollupDto;
const get = async <T>(path: string) => (await suite.admin.expect(200, 'GET', `/api/v1/admin/billing/${path}`)) as T;
const because = (run: RollupDto) =>
  Object.fromEntries(run.skippedBecause.map(({ reason, tenants }) => [reason, tenants]));
const tenant = (n: number) => idOf('tenant', n);

interface Invoice {
  readonly id: string;
  readonly tenantId: string;
  readonly number: string;
  readonly status: string;
  readonly replacesId: string | null;
  readonly replacedById: string | null;
  readonly total: string;
}

function invoices(...tenants: number[]): Promise<Invoice[]> {
  return suite.postgres.query<Invoice>(
    `SELECT id, tenant_id AS "tenantId", number, status, replaces_id AS "replacesId", replaced_by_id AS "replacedById",
            total_minor::text AS total
       FROM invoice WHERE period = '2026-04' AND (cardinality($1::uuid[]) = 0 OR tenant_id = ANY($1::uuid[])) ORDER BY sequence`,
    [tenants.map(tenant)],
  );
}

describe('the roll-up of a month', () => {
  let totals: RollupDto['totals'];

  it('a dry run computes everything, tells the totals, and stores nothing', async () => {
    const before = await rowsByTable(suite.postgres);
    const dry = await rollup('&dryRun=true');
    expect(dry).toMatchObject({
      id: null,
      dryRun: true,
      state: 'rehearsed',
      tenants: TENANTS,
      issued: TENANTS,
      parked: [],
    });
    expect(await rowsByTable(suite.postgres)).toEqual(before);
    totals = dry.totals;
  });

  it('issues each tenant its invoice to the cent of its monthly bill, and the second run issues none', async () => {
    const bill = await suite.admin.expect(200, 'GET', `/api/v1/billing/tenants/${tenant(5)}/monthly?period=2026-04`);
    const first = await rollup();
    expect(first).toMatchObject({
      state: 'succeeded',
      tenants: TENANTS,
      issued: TENANTS,
      skipped: 0,
      parked: [],
      totals,
    });
    const issued = await invoices();
    expect(issued.map(({ tenantId }) => tenantId)).toEqual(
      Array.from({ length: TENANTS }, (_, index) => tenant(index + 1)),
    );
    const total = (bill as { total: { amount: string } }).total.amount;
    expect(issued[4]).toMatchObject({ status: 'issued', total: total.replace('.', '') });

    const second = await rollup();
    expect(second).toMatchObject({ tenants: TENANTS, issued: 0, skipped: TENANTS, totals: [] });
    expect(because(second)).toEqual({ ALREADY_INVOICED: TENANTS });
    expect(await invoices()).toEqual(issued);
  });

  it('a run can be read afterwards, and the list has the newest first', async () => {
    const { data } = await get<{ data: RollupDto[] }>('rollups?period=2026-04');
    expect(data.map(({ issued }) => issued)).toEqual([0, TENANTS]);
    expect(await get(`rollups/${data[1]!.id}`)).toEqual(data[1]);
    const audit = await suite.postgres.query(`SELECT 1 FROM audit_entry WHERE action = 'rollup.started'`);
    expect(audit).toHaveLength(2);
  });

  it('whoever is asked at the same time waits its turn and finds the work done', async () => {
    await insertRollupTenants(suite.postgres, { first: 20, count: 3, homeId });
    const both = await Promise.all([rollup(), rollup()]);
    expect(both.map(({ issued }) => issued).sort()).toEqual([0, 3]);
    expect(await invoices(20, 21, 22)).toHaveLength(3);
  });

  it('D5: by force an issued invoice is voided and replaced, with a reference both ways; what was paid stays', async () => {
    const before = await invoices();
    const pay = (invoice: Invoice, amount: string) =>
      suite.admin.expect(
        201,
        'POST',
        `/api/v1/billing/invoices/${invoice.id}/payments`,
        { amount: { amount, currency: 'USD' }, method: 'bank_transfer' },
        { 'idempotency-key': randomUUID() },
      );
    const [paid, partly] = [before[0]!, before[1]!];
    await pay(paid, `${paid.total.slice(0, -2)}.${paid.total.slice(-2)}`);
    await pay(partly, '1.00');

    const settled = await invoices();
    const dry = await rollup('&force=true&dryRun=true');
    expect(await invoices()).toEqual(settled);
    const forced = await rollup('&force=true');
    const replaced = before.length - 2;
    expect(forced).toMatchObject({ issued: replaced, replaced, parked: [] });
    expect(because(forced)).toEqual({ ALREADY_PAID: 1, NOT_REPLACEABLE: 1 });
    expect([dry.issued, dry.replaced, dry.totals]).toEqual([forced.issued, forced.replaced, forced.totals]);

    const after = new Map((await invoices()).map((invoice) => [invoice.id, invoice]));
    for (const old of before.slice(2)) {
      const voided = after.get(old.id)!;
      const successor = after.get(voided.replacedById!)!;
      expect([voided.status, successor.status, successor.replacesId]).toEqual(['void', 'issued', old.id]);
      expect([successor.tenantId, successor.total]).toEqual([old.tenantId, old.total]);
    }
    expect([after.get(paid.id)!.status, after.get(partly.id)!.status]).toEqual(['paid', 'issued']);
  });
});

describe('whom a roll-up leaves out', () => {
  it('tenants without subscription, or who owe nothing, are counted with the reason', async () => {
    await insertRollupTenants(suite.postgres, { first: 30, count: 3, homeId });
    await suite.postgres.query('DELETE FROM usage_window WHERE deployment_id = ANY($1::uuid[])', [
      [30, 31].map((n) => idOf('deployment', n)),
    ]);
    await suite.postgres.query('UPDATE subscription SET started_at = $2 WHERE id = $1', [
      idOf('subscription', 30),
      '2026-05-01T00:00:00Z',
    ]);
    await suite.postgres.query('ALTER TABLE deployment DISABLE TRIGGER USER');
    await suite.postgres.query('UPDATE deployment SET first_ready_at = NULL WHERE id = $1', [idOf('deployment', 31)]);
    const run = await rollup();
    expect(run.issued).toBe(1);
    expect(because(run)).toMatchObject({ NO_SUBSCRIPTION: 1, NOTHING_OWED: 1 });
  });

  it('a poisoned tenant is parked alone with its reason, and invoiced after the cause is mended', async () => {
    await insertRollupTenants(suite.postgres, { first: 40, count: 9, homeId });
    const used = (n: number, quantity: string) =>
      suite.postgres.query(
        `UPDATE usage_window SET quantity = $2::numeric WHERE deployment_id = $1 AND meter = 'egress_gb'`,
        [idOf('deployment', n), quantity],
      );
    const taxId = async (n: number, sealed: string | null) => {
      await suite.postgres.query('ALTER TABLE billing_settings_version DISABLE TRIGGER USER');
      await suite.postgres.query('UPDATE billing_settings_version SET tax_id_encrypted = $2 WHERE tenant_id = $1', [
        tenant(n),
        sealed,
      ]);
    };
    await used(42, '99999999999999999999999999999');
    await taxId(46, 'no sealed text');

    const first = await rollup();
    expect(first).toMatchObject({ issued: 7, parkedTenants: 2 });
    expect(first.parked).toEqual([
      expect.objectContaining({ tenantId: tenant(42), code: 'BILLING.AMOUNT_TOO_LARGE' }),
      expect.objectContaining({ tenantId: tenant(46), code: 'UNEXPECTED' }),
    ]);
    expect(await invoices(40, 41, 43, 44, 45, 47, 48)).toHaveLength(7);
    const standing = await get<{ data: { tenantId: string; period: string }[] }>('rollups/parked');
    expect(standing.data.map(({ tenantId, period }) => [tenantId, period])).toEqual([
      [tenant(42), '2026-04'],
      [tenant(46), '2026-04'],
    ]);

    // Not mended: parked again, and still once.
    expect(await rollup()).toMatchObject({ issued: 0, parkedTenants: 2 });
    expect((await get<{ data: unknown[] }>('rollups/parked')).data).toHaveLength(2);
    await used(42, '10');
    await taxId(46, null);
    expect(await rollup()).toMatchObject({ issued: 2, parkedTenants: 0, parked: [] });
    expect(await invoices(42, 46)).toHaveLength(2);
    expect((await get<{ data: unknown[] }>('rollups/parked')).data).toEqual([]);
  });
});

describe('who may ask for a roll-up, and how', () => {
  it.each([
    ['period=2026-13', 'no such month'],
    ['', 'no month'],
    ['period=2026-04&dryRun=yes', 'neither true nor false'],
    ['period=2026-04&tenantId=x', 'an unknown parameter'],
  ])('?%s is refused: %s', async (query) => {
    const answer = await suite.admin.post(`/api/v1/admin/billing/rollup?${query}`, undefined);
    expect(answer).toMatchObject({ status: 400, body: { code: 'REQUEST.INVALID' } });
  });

  it('a reader reads runs and starts none', async () => {
    const reader = new ServiceClient(suite.core.url, { clientId: 'reader', clientSecret: 'reader' });
    expect(await reader.get('/api/v1/admin/billing/rollups')).toMatchObject({ status: 200 });
    expect(await reader.post('/api/v1/admin/billing/rollup?period=2026-04', undefined)).toMatchObject({ status: 403 });
  });

  it('a run that is not there is not found', async () => {
    const answer = await suite.admin.get(`/api/v1/admin/billing/rollups/${randomUUID()}`);
    expect(answer).toMatchObject({ status: 404, body: { code: 'ROLLUP.NOT_FOUND' } });
  });
});
