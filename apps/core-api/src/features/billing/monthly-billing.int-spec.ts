import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { checkInvariants } from '@biplane/testing';
import { billingRig, type BilledScene, type BillingRig } from '../../testing/billing-rig.js';
import { MonthlyBillingService } from './monthly-billing.service.js';

let rig: BillingRig;

beforeAll(async () => {
  rig = await billingRig('2025-12-31T12:00:00.000Z');
  const vat = { country: 'CH', code: 'VAT', name: 'MWST 8.1 %', rate: '0.081', from: '2024-01-01', to: null };
  await rig.admin.expect(201, 'POST', '/api/v1/catalog/taxes', vat);
});
afterAll(async () => {
  await checkInvariants(rig.postgres.url);
  await rig?.close();
});

const swiss = { currency: 'CHF', timeZone: 'UTC', country: 'CH', taxId: null, payByInvoice: true, locale: 'de-CH' };
const post = (path: string, body: object) => rig.admin.expect(200, 'POST', `/api/v1${path}`, body);
const transition = ({ deploymentId }: BilledScene, to: string) =>
  post(`/deployments/${deploymentId}/transition`, { to, reason: 'test' });
const total = async (scene: BilledScene, month: string) => (await scene.month(month)).total.amount;

describe('golden bills, on the running service', () => {
  it('golden bills 2, 3 and 4: a fee from the 16th, five days suspended, and a module by the day', async () => {
    await rig.plan('basic', 10, { currency: 'CHF', baseFee: '49.00' });
    const search = { module: 'search', features: [], dailyPrice: '0.10', limits: [] };
    await rig.plan('searching', 10, { currency: 'CHF', modules: [search] });
    const daily = await rig.tenant(
      { plan: { code: 'searching' }, addons: [], billing: { ...swiss, country: 'LI' } },
      '2026-01-02T00:00:00Z',
    );
    const path = `/api/v1/deployments/${daily.deploymentId}/modules/search`;
    const enabled = async (instant: string, isEnabled: boolean) => {
      await rig.at(instant);
      await rig.admin.expect(200, 'PUT', path, { enabled: isEnabled });
    };
    await enabled('2026-01-01T00:00:00.000Z', false);
    await enabled('2026-01-03T10:00:00.000Z', true);
    await enabled('2026-01-03T18:00:00.000Z', false);
    await enabled('2026-01-10T00:00:00.000Z', true);
    await enabled('2026-01-12T23:59:00.000Z', false);
    await rig.at('2026-01-16T00:00:00.000Z');
    const [whole, stopped] = [await rig.tenant(basic), await rig.tenant(basic)];
    await rig.at('2026-01-19T23:59:00.000Z');
    await transition(stopped, 'suspended');
    await rig.at('2026-01-25T00:00:00.000Z');
    await transition(stopped, 'active');
    await rig.at('2026-02-02T00:00:00.000Z');
    expect([await total(whole, '2026-01'), await total(stopped, '2026-01'), await total(daily, '2026-01')]).toEqual([
      '27.34',
      '18.80',
      '0.40',
    ]);
    const lines = async (scene: BilledScene) => (await scene.month('2026-01')).lines.map(({ amount }) => amount.amount);
    expect([await lines(whole), await lines(stopped)]).toEqual([['25.29', '2.05'], ['17.39', '1.41']]); // prettier-ignore
  });
});

describe('C12: late usage of a plan with a commitment, of a tenant with a discount', () => {
  it('C12: what the commitment and the discount made of it is rated again too: nothing is owed twice', async () => {
    await rig.at('2026-04-01T00:00:00.000Z');
    const meter = { meter: 'droplet_hours', included: '0', price: { kind: 'per_unit', unitPrice: '0.01' } };
    const version = { baseFee: '10.00', minimumCommitment: '30.00', meters: [meter] };
    await rig.plan('committed', 10, version);
    const billing = { currency: 'USD', timeZone: 'UTC', country: 'US', payByInvoice: true, locale: 'en-US' };
    const tenant = await rig.tenant({ plan: { code: 'committed' }, addons: [], billing: { ...billing, taxId: null } });
    const discounts = [{ kind: 'percent', rate: '0.10', from: '2026-04-01', to: null }];
    const settings = { ...billing, autoInvoice: false, autoReminders: false, dueDays: 14, discounts };
    await rig.admin.expect(200, 'PUT', `/api/v1/tenants/${tenant.tenantId}/billing-settings`, settings);
    await rig.at('2026-05-02T00:00:00.000Z');
    const body = { tenantId: tenant.tenantId, period: '2026-04', action: 'issue' };
    const key = { 'idempotency-key': randomUUID() };
    const invoice = await rig.admin.expect(201, 'POST', '/api/v1/billing/invoices', body, key);
    expect(invoice).toMatchObject({ total: { amount: '27.00' } });
    await tenant.used('2026-04-30T11:00:00Z', '1000');
    const late = (await tenant.month('2026-05')).lines.filter(({ kind }) => kind === 'adjustment');
    // 10.00 of usage less a tenth; the commitment is 10.00 less, and so are its discounts.
    expect(late.map(({ resourceKind, amount }) => [resourceKind, amount.amount])).toEqual([
      ['committed', '-9.00'],
      ['droplet_hours', '9.00'],
    ]);
  });
});

describe('late usage that cannot be rated', () => {
  it('fails its own tenant, and no other of the chunk', async () => {
    await rig.at('2026-05-03T00:00:00.000Z');
    const billing = { currency: 'USD', timeZone: 'UTC', country: 'US', payByInvoice: true, locale: 'en-US' };
    const body = { plan: { code: 'committed' }, addons: [], billing: { ...billing, taxId: null } };
    const [hit, other] = [await rig.tenant(body), await rig.tenant(body)];
    await rig.at('2026-06-02T00:00:00.000Z');
    const issue = { tenantId: hit.tenantId, period: '2026-05', action: 'issue' };
    await rig.admin.expect(201, 'POST', '/api/v1/billing/invoices', issue, { 'idempotency-key': randomUUID() });
    // Each has as many digits as a quantity may have; their sum has one more.
    const most = `${'9'.repeat(18)}.${'9'.repeat(12)}`;
    await hit.used('2026-05-30T11:00:00Z', most);
    await hit.used('2026-05-30T12:00:00Z', most);
    const bills = await rig.core.app
      .get(MonthlyBillingService)
      .calculateMany([hit.tenantId, other.tenantId], '2026-06');
    expect([bills.get(hit.tenantId), bills.get(other.tenantId)]).toMatchObject([
      { ok: false, error: { code: 'VALUE.DECIMAL_OUT_OF_RANGE' } },
      { ok: true },
    ]);
  });
});

const basic = { plan: { code: 'basic' }, addons: [], billing: swiss };
