import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { hourOf } from '@biplane/billing-calendar';
import { orThrow, parseDeploymentId, parseHomeId, parseMeterCode, parseRegionCode } from '@biplane/kernel';
import { ServiceClient, testPostgres, waitFor, type TestPostgres } from '@biplane/testing';
import { runCore, type RunningCore } from '../../testing/running-core.js';
import { prepareCatalog, tenantBody } from '../../testing/scenario.js';
import { UsageIntake } from './usage-intake.service.js';

interface Line {
  readonly kind: string;
  readonly quantity: string;
  readonly amount: { readonly amount: string };
  readonly period: { readonly from: string; readonly to: string };
}
interface Bill {
  readonly id: string;
  readonly lines: readonly Line[];
  readonly subtotal: { readonly amount: string };
  readonly total: { readonly amount: string };
}

const homeId = orThrow(parseHomeId(randomUUID()));
const april = { from: '2026-03-31T14:00:00.000Z', to: '2026-04-30T14:00:00.000Z' };
let postgres: TestPostgres;
let core: RunningCore;
let admin: ServiceClient;

beforeAll(async () => {
  postgres = await testPostgres('core');
  core = await runCore({ databaseUrl: postgres.url, regions: ['eu-1'], startAt: '2026-03-31T14:00:00.000Z' });
  admin = new ServiceClient(core.url, { clientId: 'admin', clientSecret: 'admin' });
  await prepareCatalog(admin, { region: 'eu-1', homeId, key: core.key });
  const levy = { country: 'AU', code: 'LEVY', name: 'Levy 5 %', rate: '0.05', from: '2026-05-15', to: null };
  await admin.expect(201, 'POST', '/api/v1/catalog/taxes', levy);
});
afterAll(async () => {
  await core?.close();
  await postgres?.drop();
});

async function at(instant: string): Promise<void> {
  core.setClock(instant);
  await waitFor('the clock', async () => {
    const { now } = (await admin.expect(200, 'GET', '/version')) as { now: string };
    return Math.abs(Date.parse(now) - Date.parse(instant)) < 60_000;
  });
}

/** A tenant that is ready from the start, and how its home reports what it used. */
async function scene(slug: string) {
  const created = await admin.expect(202, 'POST', '/api/v1/tenants', tenantBody(slug, 'eu-1'), {
    'idempotency-key': slug,
  });
  const { tenant, deployment } = created as { tenant: { id: string }; deployment: { id: string } };
  await postgres.query('UPDATE deployment SET first_ready_at = created_at WHERE id = $1', [deployment.id]);
  const used = (windowStart: string, revision: number, quantity: string) => {
    const { from, to } = hourOf(new Date(windowStart));
    const total = {
      deploymentId: orThrow(parseDeploymentId(deployment.id)),
      meter: orThrow(parseMeterCode('droplet_hours')),
      aggregation: 'sum',
      windowStart: from,
      windowEnd: to,
      homeId,
      incarnation: 1,
      revision,
      quantity,
      closed: true,
      licenseVersion: 1,
    } as const;
    const region = orThrow(parseRegionCode('eu-1'));
    return core.app.get(UsageIntake).take({ region, windows: [total], closes: [], limitEvents: [], other: [] });
  };
  const month = async (period: string) =>
    (await admin.expect(200, 'GET', `/api/v1/billing/tenants/${tenant.id}/monthly?period=${period}`)) as Bill;
  const issue = async (status: number, period: string) =>
    (await admin.expect(
      status,
      'POST',
      '/api/v1/billing/invoices',
      { tenantId: tenant.id, period, action: 'issue' },
      { 'idempotency-key': randomUUID() },
    )) as Bill;
  return { tenantId: tenant.id, deploymentId: deployment.id, used, month, issue };
}

const adjustments = (bill: Bill) =>
  bill.lines
    .filter(({ kind }) => kind === 'adjustment')
    .map(({ quantity, amount, period }) => [quantity, amount.amount, period.from]);
const computed = ({ lines, subtotal, total }: Bill) => ({ lines, subtotal, total });

describe('C12: usage that arrives after the invoice was issued', () => {
  it('C12: leaves the invoice as it is and stands on the next one, once, in its true period', async () => {
    await at('2026-03-31T14:00:00.000Z');
    const { used, month, issue } = await scene('late');
    await at('2026-04-30T13:30:00.000Z');
    await used('2026-04-30T12:00:00Z', 1, '2160');
    await at('2026-05-01T14:00:00.000Z');
    const asComputed = await month('2026-04');
    const invoice = await issue(201, '2026-04');
    expect(invoice.total.amount).toBe('70.64');
    expect(JSON.stringify(await month('2026-04'))).toBe(JSON.stringify(asComputed));

    // A second after the cut-off.
    await used('2026-04-30T12:00:00Z', 2, '2260');
    const again = await issue(200, '2026-04');
    expect([computed(again), JSON.stringify(await month('2026-04'))]).toEqual([
      computed(invoice),
      JSON.stringify(asComputed),
    ]);
    const may = await month('2026-05');
    expect(adjustments(may)).toEqual([['100', '1.00', april.from]]);
    // The tax of May's last day is on all of May's invoice, what was used in April included: GST 5.85 and the levy of 2.93.
    expect([may.subtotal.amount, may.total.amount]).toEqual(['58.50', '67.28']);

    await at('2026-06-01T14:00:00.000Z');
    expect(computed(await issue(201, '2026-05'))).toEqual(computed(may));
    expect(computed(await issue(200, '2026-05'))).toEqual(computed(may));
    expect(adjustments(await month('2026-06'))).toEqual([]);
  });

  it('C12: a decrease is no line of the next bill: it is to be credited', async () => {
    await at('2026-03-31T14:00:00.000Z');
    const { used, month, issue } = await scene('less');
    await at('2026-04-30T13:30:00.000Z');
    await used('2026-04-30T12:00:00Z', 1, '2160');
    await at('2026-05-01T14:00:00.000Z');
    await issue(201, '2026-04');
    await used('2026-04-30T12:00:00Z', 2, '1500');
    expect(adjustments(await month('2026-05'))).toEqual([]);
  });

  it('C12: two months that are invoiced at the same time bill the late usage of a third once', async () => {
    await at('2026-03-31T14:00:00.000Z');
    const { used, issue } = await scene('raced');
    await at('2026-05-01T14:00:00.000Z');
    await issue(201, '2026-04');
    await used('2026-04-30T12:00:00Z', 1, '1588');
    await at('2026-07-02T14:00:00.000Z');
    const both = await Promise.all([issue(201, '2026-05'), issue(201, '2026-06')]);
    expect(both.flatMap(adjustments)).toEqual([['100', '1.00', april.from]]);
  });

  it('C14: what a deployment used before it ended is billed after its final invoice too', async () => {
    await at('2026-03-31T14:00:00.000Z');
    const { deploymentId, used, month, issue } = await scene('gone');
    await at('2026-04-20T00:00:00.000Z');
    const body = { to: 'cancelled', reason: 'the tenant was deleted' };
    await admin.expect(200, 'POST', `/api/v1/deployments/${deploymentId}/transition`, body);
    await at('2026-04-30T13:30:00.000Z');
    await used('2026-04-30T12:00:00Z', 1, '1588');
    await at('2026-05-01T14:00:00.000Z');
    expect(computed(await month('2026-04'))).toEqual(computed(await issue(201, '2026-04')));
    await used('2026-04-30T12:00:00Z', 2, '1688');
    await at('2026-06-01T14:00:00.000Z');
    const last = await issue(201, '2026-05');
    expect([adjustments(last), last.subtotal.amount]).toEqual([[['100', '1.00', april.from]], '1.00']);
  });
});
