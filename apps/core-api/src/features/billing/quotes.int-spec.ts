import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { ServiceClient, testPostgres, waitFor, type TestPostgres } from '@biplane/testing';
import { runCore, type RunningCore } from '../../testing/running-core.js';
import { prepareCatalog, storageAddon, studio, tenantBody } from '../../testing/scenario.js';

let postgres: TestPostgres;
let core: RunningCore;
let admin: ServiceClient;
let tenantId: string;

beforeAll(async () => {
  postgres = await testPostgres('core');
  core = await runCore({ databaseUrl: postgres.url, regions: ['eu-1'], startAt: '2026-05-10T00:00:00.000Z' });
  admin = new ServiceClient(core.url, { clientId: 'admin', clientSecret: 'admin' });
  await prepareCatalog(admin, { region: 'eu-1', homeId: randomUUID(), key: core.key });
  const created = await admin.post('/api/v1/tenants', tenantBody('billed', 'eu-1'), keyed());
  tenantId = (created.body as { tenant: { id: string } }).tenant.id;
});
afterAll(async () => {
  await core?.close();
  await postgres?.drop();
});

const keyed = () => ({ 'idempotency-key': randomUUID() });
const april = { from: '2026-04-01T00:00:00Z', to: '2026-05-01T00:00:00Z' };
const quote = (deployment: object, over: object = {}) =>
  admin.post('/api/v1/quotes', {
    currency: 'USD',
    timeZone: 'UTC',
    period: april,
    deployments: [{ ref: 'web', plan: { code: 'studio', version: 1 }, ...deployment }],
    ...over,
  });

describe('a quote', () => {
  it.each([
    ['a period from a day that does not exist', {}, { period: { ...april, from: '2026-02-30T00:00:00Z' } }],
    ['an active stretch from one', { active: [{ from: '2026-04-31T00:00:00Z', to: null }] }, {}],
  ])('%s is refused, not moved to the next month', async (_why, deployment, over) => {
    expect(await quote(deployment, over)).toMatchObject({ status: 400, body: { errors: [{ code: 'INSTANT' }] } });
  });

  it.each([
    ['storage_gb', 422, 'PRICING.METER_NOT_IN_PLAN'],
    ['constructor', 400, 'REQUEST.MALFORMED'],
  ])('usage of %s, which the plan does not have, is refused and never left out', async (meter, status, code) => {
    expect(await quote({ usage: { [meter]: '1' } })).toMatchObject({ status, body: { code } });
  });

  it.each([
    ['an add-on', { addons: [{ code: 'nothing', quantity: '1' }] }, 'CATALOG.ADDON_UNKNOWN', '/deployments/0/addons/0/code'],
    ['a plan', { plan: { code: 'studio', version: 9 } }, 'CATALOG.PLAN_UNKNOWN', '/deployments/0/plan'],
    ['a plan before it', { previousPlans: [{ plan: { code: 'nothing', version: 1 }, until: april.to }] }, 'CATALOG.PLAN_UNKNOWN', '/deployments/0/previousPlans/0/plan'],
    ['a meter of an inline plan', { plan: undefined, planVersion: { currency: 'USD', interval: 'month', baseFee: '1', meters: [{ meter: 'nothing', price: { kind: 'per_unit', unitPrice: '1' } }] } }, 'CATALOG.PLAN_INVALID', '/deployments/0/planVersion/meters/0/meter'],
  ])('%s that the catalog does not have is refused at its pointer', async (_what, deployment, code, pointer) => {
    expect(await quote(deployment)).toMatchObject({ status: 422, body: { code, errors: [{ pointer }] } });
  }); // prettier-ignore

  it.each([
    ['at the top', {}, { surprise: 1 }],
    ['of a deployment', { surprise: 1 }, {}],
    ['of an add-on', { addons: [{ code: 'storage_50gb', quantity: '1', surprise: 1 }] }, {}],
    ['of a stretch', { modules: { financials: [{ ...april, surprise: 1 }] } }, {}],
    ['of a plan before it', { previousPlans: [{ plan: { code: 'studio', version: 1 }, until: april.to, surprise: 1 }] }, {}],
    ['of an inline plan', { plan: undefined, planVersion: { currency: 'USD', interval: 'month', baseFee: '1', surprise: 1 } }, {}],
    ['as a license version', { licenseVersions: { droplet_hours: ['1'] } }, {}],
  ])('a member that is not known %s is refused', async (_where, deployment, over) => {
    expect(await quote(deployment, over)).toMatchObject({ status: 400 });
  }); // prettier-ignore

  it.each([
    ['previousPlans', {}],
    ['addons', {}],
    ['planVersion', {}],
    ['active', {}],
    ['suspended', {}],
    ['modules', {}],
    ['firstPeriod', {}],
    ['usage', {}],
    ['licenseVersions', {}],
    ['taxes', { taxes: null }],
    ['discounts', { discounts: null }],
  ])('%s may be null, which says as little as leaving it out', async (member, over) => {
    const deployment = Object.keys(over).length === 0 ? { [member]: null } : {};
    const [answer, without] = [await quote(deployment, over), await quote({})];
    expect([answer.status, answer.body]).toEqual([200, without.body]);
  });

  it.each([
    ['deployments', {}, { deployments: [null] }],
    ['addons', { addons: [null] }, {}],
    ['previousPlans', { previousPlans: [null] }, {}],
    ['active', { active: [null] }, {}],
    ['taxes', {}, { taxes: [null] }],
    ['usage', { usage: { droplet_hours: null } }, {}],
    ['modules', { modules: { financials: [null] } }, {}],
    ['period', {}, { period: null }],
  ])('null among what is in %s is refused', async (_where, deployment, over) => {
    expect(await quote(deployment, over)).toMatchObject({ status: 400 });
  });

  it('without a plan, be it null, is refused', async () => {
    expect(await quote({ plan: null })).toMatchObject({ status: 400, body: { errors: [{ code: 'ONE_OF' }] } });
  });

  it('is in any currency that a tenant can be billed in, and in no other', async () => {
    const version = (currency: string) => ({ currency, interval: 'month', baseFee: '1' });
    const inline = (currency: string) => quote({ plan: undefined, planVersion: version(currency) }, { currency });
    expect(await inline('XCG')).toMatchObject({ status: 200, body: { total: { amount: '1.00', currency: 'XCG' } } });
    expect(await inline('XAU')).toMatchObject({ status: 422 });
  });

  it('of many deployments and add-ons over the longest period does not find its days anew for each line', async () => {
    const codes = Array.from({ length: 20 }, (_, index) => `extra_${index}`);
    for (const code of codes) await admin.expect(201, 'POST', '/api/v1/catalog/addons', { ...storageAddon, code });
    const addons = codes.map((code) => ({ code, quantity: '1' }));
    const deployments = Array.from({ length: 20 }, (_, index) => {
      return { ref: `d${index}`, plan: { code: 'studio', version: 1 }, addons };
    });
    const period = { from: '2016-05-01T00:00:00Z', to: '2026-05-01T00:00:00Z' };
    const asked = quote({}, { period, deployments, timeZone: 'Australia/Lord_Howe' });
    // 420 lines over 3,653 days.
    expect(await asked).toMatchObject({ status: 200, body: { total: { amount: '4000.00' } } });
  });

  it('is not bounded by what an invoice can hold', async () => {
    const answer = await quote({ usage: { droplet_hours: '9'.repeat(30) } });
    expect(answer).toMatchObject({ status: 200, body: { total: { amount: '10000000000000000000000000035.11' } } });
  });
});

describe('a month', () => {
  it('that ends in a year of five digits is refused on every route', async () => {
    const body = { tenantId, period: '9999-12', action: 'preview' };
    const answers = [
      await admin.get(`/api/v1/billing/tenants/${tenantId}/monthly?period=9999-12`),
      await admin.get('/api/v1/admin/usage/completeness?period=9999-12'),
      await admin.get('/api/v1/billing/invoices?period=9999-12'),
      await admin.post('/api/v1/billing/invoices', body, keyed()),
    ];
    expect(answers.map(({ status }) => status)).toEqual([400, 400, 400, 400]);
  });

  it('whose total no invoice can hold is parked with its reason and takes no number', async () => {
    const dear = {
      ...studio,
      code: 'dear',
      version: { ...studio.version, baseFee: '92233720368547758.08', meters: [] },
    };
    await admin.expect(201, 'POST', '/api/v1/subscription/plans', dear);
    await admin.expect(200, 'POST', '/api/v1/subscription/plans/dear/versions/1/publish');
    const wanted = { ...tenantBody('dear', 'eu-1'), plan: { code: 'dear' }, addons: [] };
    const { tenant } = (await admin.expect(202, 'POST', '/api/v1/tenants', wanted, keyed())) as {
      tenant: { id: string };
    };
    await postgres.query(`UPDATE deployment SET first_ready_at = created_at WHERE tenant_id = $1`, [tenant.id]);
    core.setClock('2026-07-02T00:00:00.000Z');
    const issue = () =>
      admin.post('/api/v1/billing/invoices', { tenantId: tenant.id, period: '2026-06', action: 'issue' }, keyed());
    await waitFor('the clock', async () => ((await issue()).body as { code: string }).code !== 'BILLING.PERIOD_OPEN');
    expect(await issue()).toMatchObject({ status: 422, body: { code: 'BILLING.AMOUNT_TOO_LARGE' } });
    expect(await postgres.query('SELECT 1 FROM invoice_series')).toEqual([]);
  });
});
