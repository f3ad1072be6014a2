import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { checkInvariants } from '@biplane/testing';
import { randomUUID } from 'node:crypto';
import { billingRig, type BilledScene, type BillingRig } from '../../testing/billing-rig.js';
import { storageAddon } from '../../testing/scenario.js';

let rig: BillingRig;
let acme: BilledScene;
let april: string;

const search = { module: 'search', features: [], dailyPrice: '0.10', limits: [] };
const team = {
  baseFee: '90.00',
  setupFee: '12.00',
  minimumCommitment: '20.00',
  modules: [search],
  meters: [
    {
      meter: 'droplet_hours',
      included: '1000',
      price: { kind: 'graduated', tiers: [{ upTo: '500', unitPrice: '0.01' }, { upTo: null, unitPrice: '0.008' }] },
    },
  ],
}; // prettier-ignore
const settings = {
  currency: 'USD',
  timeZone: 'Australia/Brisbane',
  country: 'AU',
  payByInvoice: true,
  autoInvoice: false,
  autoReminders: false,
  locale: 'en-AU',
  dueDays: 14,
  discounts: [{ kind: 'percent', rate: '0.10', description: 'pilot', from: '2026-04-01', to: null as string | null }],
};

const call = (status: number, method: string, path: string, body?: unknown, headers = {}) =>
  rig.admin.expect(status, method, `/api/v1${path}`, body, headers);
const transition = (to: string) =>
  call(200, 'POST', `/deployments/${acme.deploymentId}/transition`, { to, reason: 'test' });
const changePlan = (planCode: string, mode: string) =>
  call(200, 'POST', `/billing/subscriptions/${acme.subscriptionId}/change-plan`, { planCode, mode, reason: 'test' });
const addons = () => `/deployments/${acme.deploymentId}/addons`;
const setSearch = (enabled: boolean) =>
  call(200, 'PUT', `/deployments/${acme.deploymentId}/modules/search`, { enabled });
const setSettings = (over: object) =>
  call(200, 'PUT', `/tenants/${acme.tenantId}/billing-settings`, { ...settings, ...over });
const levy = (code: string, from: string) =>
  call(201, 'POST', '/catalog/taxes', { country: 'AU', code, name: code, rate: '0.05', from, to: null });

/** An April in Brisbane in which everything happens that changes a price. */
beforeAll(async () => {
  rig = await billingRig('2026-03-10T00:00:00.000Z');
  await rig.plan('team', 30, team);
  await rig.plan('large', 40, { ...team, baseFee: '300.00' });
  acme = await rig.tenant({}, '2026-04-02T03:00:05.000Z');
  await setSettings({});
  await rig.at('2026-04-05T10:00:00.000Z');
  await transition('suspended');
  await rig.at('2026-04-07T10:00:00.000Z');
  await transition('active');
  await rig.at('2026-04-10T01:00:00.000Z');
  await call(200, 'DELETE', `${addons()}/storage_50gb`);
  await rig.at('2026-04-12T01:00:00.000Z');
  await call(201, 'POST', addons(), { code: 'storage_50gb', quantity: '1' });
  await rig.at('2026-04-15T02:00:00.000Z');
  await changePlan('team', 'now');
  await rig.at('2026-04-20T02:00:00.000Z');
  await setSearch(false);
  await rig.at('2026-04-22T02:00:00.000Z');
  await setSearch(true);
  await rig.at('2026-04-30T12:30:00.000Z');
  await acme.used('2026-04-30T11:00:00Z', '2160.5');
  await rig.at('2026-05-02T00:00:00.000Z');
  april = await acme.computed('2026-04');
});
afterAll(async () => {
  if (rig) await checkInvariants(rig.postgres.url);
  await rig?.close();
});

interface Lines {
  readonly lines: readonly { kind: string; amount: { amount: string }; explanation: readonly { text: string }[] }[];
}

describe('a month that is over', () => {
  it('holds each plan for its days, the days of a module, and the add-on for the time it was attached', () => {
    const { lines } = JSON.parse(april) as Lines;
    expect(lines.map(({ kind, amount }) => [kind, amount.amount])).toEqual([
      // Studio 2 to 14 April less the 6th: 12 of 30 days of 50.00. Team from the 15th on: 16 of 30 days of 90.00.
      ['plan_base', '20.00'],
      ['plan_base', '48.00'],
      // Attached again as it was: 27 of 30 days, since the 6th and the 11th were none.
      ['addon', '6.75'],
      // From the 15th on, less the 21st.
      ['module_days', '1.50'],
      // 500 x 0.01 + 660.5 x 0.008, rated once under the plan of the end.
      ['overage', '10.28'],
      // 8.65 in all: the cent that is left goes to the largest remainder.
      ['discount', '-2.00'],
      ['discount', '-4.80'],
      ['discount', '-0.67'],
      ['discount', '-0.15'],
      ['discount', '-1.03'],
      ['tax', '7.79'],
    ]);
  });

  it('a quote of the same facts comes to the same bytes', async () => {
    const body = await quoteOf(acme);
    const answer = await rig.admin.post('/api/v1/quotes', body);
    expect([answer.status, JSON.stringify(answer.body)]).toEqual([200, april]);
  });

  it('is answered as it was computed, from one snapshot, whatever is computed beside it', async () => {
    const [month, again] = await Promise.all([acme.month('2026-04'), acme.computed('2026-04')]);
    expect([JSON.stringify(month), again]).toEqual([april, april]);
  });

  const later: [string, () => Promise<unknown>][] = [
    ['its plan changes', () => changePlan('large', 'now')],
    ['another version of its plan is published, at another price', () => publishDearer()],
    ['its module is switched off', () => setSearch(false)],
    ['it is suspended', () => transition('suspended')],
    ['it is resumed', () => transition('active')],
    ['its add-on is taken off', () => call(200, 'DELETE', `${addons()}/storage_50gb`)],
    ['its country changes, and its tax id is checked', () => setSettings({ country: 'DE', taxId: 'DE811907980', taxIdValid: true })],
    ['its zone changes', () => setSettings({ timeZone: 'America/New_York' })],
    ['its discount is taken back', () => setSettings({ discounts: [] })],
    ['its discount grows', () => setSettings({ discounts: [{ ...settings.discounts[0], rate: '0.50' }] })],
    ['a tax comes into force', () => levy('LEVY', '2026-05-01')],
    ['the catalog grows', () => call(201, 'POST', '/catalog/addons', { ...storageAddon, code: 'storage_100gb' })],
    ['what May uses arrives', () => acme.used('2026-05-01T11:00:00Z', '5000')],
    ['it is cancelled', () => transition('cancelled')],
    ['its tenant is suspended', () => call(200, 'POST', `/tenants/${acme.tenantId}/suspend`, { reason: 'test' })],
  ]; // prettier-ignore
  it.each(later)('comes to the same bytes after %s', async (_what, change) => {
    await change();
    expect(await acme.computed('2026-04')).toBe(april);
  });

  it('is invoiced at what was quoted and computed, byte for byte, and answered so from then on', async () => {
    const body = { tenantId: acme.tenantId, period: '2026-04', action: 'issue' };
    const invoice = await call(201, 'POST', '/billing/invoices', body, { 'idempotency-key': randomUUID() });
    const { lines, subtotal, taxes, total, inputHash } = invoice as Record<string, unknown>;
    const computed = JSON.parse(april) as Record<string, unknown>;
    expect({ lines, subtotal, taxes, total, inputHash }).toEqual(computed);
    expect(JSON.stringify(await acme.month('2026-04'))).toBe(april);
  });
});

async function publishDearer(): Promise<void> {
  const version = { currency: 'USD', interval: 'month', ...team, baseFee: '999.00' };
  await call(201, 'POST', '/subscription/plans/team/versions', { version });
  await call(200, 'POST', '/subscription/plans/team/versions/2/publish');
}

/** The month as a quote asks for it, from what the tables hold. */
async function quoteOf({ deploymentId, subscriptionId }: BilledScene) {
  const rows = <Row extends object>(sql: string, id: string) => rig.postgres.query<Row>(sql, [id]);
  const events = await rows<{ to_state: string; at: Date }>(
    'SELECT to_state, at FROM deployment_event WHERE deployment_id = $1 ORDER BY id',
    deploymentId,
  );
  const [, team1] = await rows<{ priced_from: Date }>(
    'SELECT priced_from FROM subscription_plan WHERE subscription_id = $1 ORDER BY id',
    subscriptionId,
  );
  const attached = await rows<{ from: Date; to: Date | null }>(
    'SELECT attached_at AS "from", detached_at AS "to" FROM subscription_addon WHERE subscription_id = $1 ORDER BY attached_at',
    subscriptionId,
  );
  const [off, on] = await rows<{ at: Date }>(
    'SELECT at FROM module_event WHERE deployment_id = $1 ORDER BY id',
    deploymentId,
  );
  const period = { from: '2026-03-31T14:00:00Z', to: '2026-04-30T14:00:00Z' };
  return {
    currency: 'USD',
    timeZone: 'Australia/Brisbane',
    period,
    taxes: [{ code: 'GST', name: 'GST 10 %', rate: '0.10' }],
    discounts: [{ kind: 'percent', rate: '0.10', description: 'pilot' }],
    deployments: [
      {
        ref: deploymentId,
        plan: { code: 'team', version: 1 },
        previousPlans: [{ plan: { code: 'studio', version: 1 }, until: team1!.priced_from }],
        addons: [{ code: 'storage_50gb', quantity: '1', attached }],
        active: [{ from: '2026-04-02T03:00:05.000Z', to: null }],
        suspended: [{ from: events[1]!.at, to: events[2]!.at }],
        modules: {
          search: [
            { from: period.from, to: off!.at },
            { from: on!.at, to: null },
          ],
        },
        firstPeriod: true,
        usage: { droplet_hours: '2160.5' },
        licenseVersions: { droplet_hours: [1] },
      },
    ],
  };
}
