import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { checkInvariants, waitFor } from '@biplane/testing';
import { coreSuite, publishLike, type CoreSuite } from '../../testing/core-suite.js';

const startAt = '2026-04-10T10:00:00.000Z';
const UTC = { currency: 'USD', timeZone: 'UTC', country: 'AU', taxId: null, payByInvoice: true, locale: 'en-AU' };
let suite: CoreSuite;

beforeAll(async () => {
  suite = await coreSuite({ startAt });
  await publishLike(suite.admin, { code: 'team', rank: 30, baseFee: '80.00', featureFlags: { team: true } });
  await publishLike(suite.admin, { code: 'small', rank: 10, baseFee: '20.00', modules: [] });
  await publishLike(suite.admin, { code: 'sideways', rank: 20, baseFee: '50.00' });
  await publishLike(suite.admin, { code: 'other_currency', rank: 30, currency: 'EUR' });
  await publishLike(suite.admin, { code: 'own_container', rank: 40, dedicatedCompute: true });
});
afterAll(async () => {
  await checkInvariants(suite.postgres.url);
  await suite?.close();
});

const change = (id: string, body: object) =>
  suite.admin.post(`/api/v1/billing/subscriptions/${id}/change-plan`, { reason: 'asked for', ...body });
const baseFeeOf = async (tenantId: string, period: string) => {
  const bill = await suite.admin.expect(200, 'GET', `/api/v1/billing/tenants/${tenantId}/monthly?period=${period}`);
  const line = (bill as { lines: { kind: string; amount: { amount: string } }[] }).lines.find(
    ({ kind }) => kind === 'plan_base',
  );
  return line?.amount.amount;
};
const monthly = (tenantId: string, period: string) => `/api/v1/billing/tenants/${tenantId}/monthly?period=${period}`;
const feesOf = async (tenantId: string, period: string) => {
  const bill = (await suite.admin.expect(200, 'GET', monthly(tenantId, period))) as {
    lines: { kind: string; resourceKind: string; amount: { amount: string } }[];
  };
  return bill.lines
    .filter(({ kind }) => kind === 'plan_base')
    .map(({ resourceKind, amount }) => [resourceKind, amount.amount]);
};
/** Of everything that a change of plan writes. */
const rowCounts = () =>
  Promise.all(
    ['subscription_plan', 'license', 'audit_entry', 'outbox', 'deployment_event'].map(
      async (table) => (await suite.postgres.query(`SELECT count(*)::int AS n FROM ${table}`))[0],
    ),
  );
const ready = (deploymentId: string) =>
  suite.postgres.query(`UPDATE deployment SET first_ready_at = created_at WHERE id = $1`, [deploymentId]);

describe('plan changes', () => {
  const refused: [why: string, body: object, status: number, code: string][] = [
    ['a change now to a lower rank', { planCode: 'small', mode: 'now' }, 422, 'SUBSCRIPTION.MODE_UNSUPPORTED'],
    ['a change now to the same rank', { planCode: 'sideways', mode: 'now' }, 422, 'SUBSCRIPTION.MODE_UNSUPPORTED'],
    [
      'a preview of what is refused',
      { planCode: 'small', mode: 'now', preview: true },
      422,
      'SUBSCRIPTION.MODE_UNSUPPORTED',
    ],
    ['a preview that is no flag', { planCode: 'team', mode: 'now', preview: 'yes' }, 400, 'REQUEST.INVALID'],
    ['an unknown key', { planCode: 'team', mode: 'now', at: '2026-04-01' }, 400, 'REQUEST.INVALID'],
    ['an unknown mode', { planCode: 'team', mode: 'soon' }, 400, 'REQUEST.INVALID'],
    ['a plan that is not sold', { planCode: 'nothing', mode: 'next_invoice' }, 422, 'CATALOG.PLAN_UNKNOWN'],
    ['a version that is not sold', { planCode: 'team', version: 9, mode: 'next_invoice' }, 422, 'CATALOG.PLAN_UNKNOWN'],
    ['another currency', { planCode: 'other_currency', mode: 'next_period' }, 422, 'SUBSCRIPTION.CURRENCY_MISMATCH'],
    [
      'a container of its own to one in a pool',
      { planCode: 'own_container', mode: 'now' },
      422,
      'SUBSCRIPTION.PLAN_NEEDS_CONTAINER',
    ],
    ['the plan that it has', { planCode: 'studio', mode: 'next_invoice' }, 422, 'SUBSCRIPTION.PLAN_UNCHANGED'],
    ['no reason', { planCode: 'team', mode: 'next_invoice', reason: '' }, 400, 'REQUEST.INVALID'],
  ];
  it.each(refused)('refuses %s and changes nothing', async (_why, body, status, code) => {
    const { deploymentId, subscription } = await suite.tenant();
    const answer = await change(subscription.id, body);
    expect(answer).toMatchObject({ status, body: { code } });
    if (code === 'SUBSCRIPTION.MODE_UNSUPPORTED') {
      expect(answer.body).toMatchObject({ allowed: ['next_invoice', 'next_period'] });
    }
    expect((await suite.license(deploymentId)).version).toBe(1);
    expect(await suite.subscription(deploymentId)).toEqual(subscription);
  });

  it('an unknown subscription is not found, and a cancelled one has no next period', async () => {
    expect(await change(randomUUID(), { planCode: 'team', mode: 'next_period' })).toMatchObject({ status: 404 });
    const { deploymentId, subscription } = await suite.tenant();
    await suite.admin.expect(200, 'POST', `/api/v1/deployments/${deploymentId}/transition`, {
      to: 'cancelled',
      reason: 'x',
    });
    expect(await change(subscription.id, { planCode: 'team', mode: 'next_period' })).toMatchObject({
      status: 422,
      body: { code: 'SUBSCRIPTION.ENDED' },
    });
  });

  it('now: the fees are those of the days that each plan has, and the usage is rated once, by the new one', async () => {
    const { tenantId, deploymentId, subscription } = await suite.tenant({ billing: UTC, addons: [] });
    await ready(deploymentId);
    expect(await change(subscription.id, { planCode: 'team', mode: 'now' })).toMatchObject({
      status: 200,
      body: { plan: { code: 'team' } },
    });
    expect(await suite.license(deploymentId)).toMatchObject({ version: 2, plan: { code: 'team' } });
    // Created and changed on 10 April: by day that whole day is the team's, and nothing of it the studio's.
    expect(await feesOf(tenantId, '2026-04')).toEqual([['team', '56.00']]);
    expect(await feesOf(tenantId, '2026-05')).toEqual([['team', '80.00']]);
  });

  it('a preview shows the lines of the invoice, exactly, and changes nothing', async () => {
    for (const mode of ['now', 'next_invoice', 'next_period']) {
      const { tenantId, deploymentId, subscription } = await suite.tenant({ billing: UTC });
      await ready(deploymentId);
      const bills = async () =>
        Promise.all(['2026-04', '2026-05'].map((period) => suite.admin.expect(200, 'GET', monthly(tenantId, period))));
      const [counts, before] = [await rowCounts(), await bills()];
      const { status, body } = await change(subscription.id, { planCode: 'team', mode, preview: true });
      const preview = body as { months: { before: unknown; after: unknown }[] };
      expect([status, preview]).toMatchObject([
        200,
        { preview: true, plan: { code: 'team', version: 1 }, direction: 'upgrade', months: [{ period: '2026-04' }, { period: '2026-05' }] },
      ]); // prettier-ignore
      expect(preview.months.map((month) => month.before)).toEqual(before);
      expect([await rowCounts(), await bills(), await suite.subscription(deploymentId)]).toEqual([
        counts,
        before,
        subscription,
      ]);
      await change(subscription.id, { planCode: 'team', mode });
      // Its hash names the instant of the change, which is that of the deed and not of the preview.
      const lines = (bill: unknown) => ({ ...(bill as object), inputHash: null });
      expect((await bills()).map(lines)).toEqual(preview.months.map((month) => lines(month.after)));
    }
  });

  it('two changes at once follow each other, and the last one decided is the one that holds', async () => {
    const { deploymentId, subscription } = await suite.tenant();
    const answers = await Promise.all(
      ['team', 'small'].map((planCode) => change(subscription.id, { planCode, mode: 'next_invoice' })),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    const rows = await suite.postgres.query<{ plan_code: string }>(
      'SELECT plan_code FROM subscription_plan WHERE subscription_id = $1 ORDER BY id',
      [subscription.id],
    );
    expect((await suite.license(deploymentId)).plan.code).toBe(rows.at(-1)!.plan_code);
    await expect(suite.postgres.query('DELETE FROM subscription_plan')).rejects.toThrow(/refused on/);
  });

  it('grants at once or with the period, prices from the next period on, and tells the direction by rank', async () => {
    const [now, later] = [await suite.tenant({ billing: UTC }), await suite.tenant({ billing: UTC })];
    for (const { deploymentId } of [now, later]) await ready(deploymentId);
    expect(await change(now.subscription.id, { planCode: 'team', mode: 'next_invoice' })).toMatchObject({
      status: 200,
      body: { plan: { code: 'team', version: 1 } },
    });
    expect(await change(later.subscription.id, { planCode: 'small', mode: 'next_period' })).toMatchObject({
      status: 200,
      body: { plan: { code: 'studio' } },
    });
    expect(await suite.license(now.deploymentId)).toMatchObject({ version: 2, plan: { code: 'team' } });
    expect((await suite.license(now.deploymentId)).featureFlags).toEqual({ team: true });
    expect(await suite.license(later.deploymentId)).toMatchObject({ version: 1, plan: { code: 'studio' } });
    expect(await suite.events('subscription.tenant.changed', now.deploymentId)).toMatchObject([
      { direction: 'upgrade', previous: { code: 'studio' }, plan: { code: 'team' } },
    ]);
    // April began under the studio: 21 of 30 days, whatever was granted since.
    expect([await baseFeeOf(now.tenantId, '2026-04'), await baseFeeOf(later.tenantId, '2026-04')]).toEqual([
      '35.00',
      '35.00',
    ]);

    suite.core.setClock('2026-04-30T23:59:59.000Z');
    expect((await suite.license(later.deploymentId)).plan.code).toBe('studio');
    suite.core.setClock('2026-05-01T00:00:01.000Z');
    await waitFor('the change', async () => (await suite.license(later.deploymentId)).plan.code === 'small');
    expect((await suite.license(later.deploymentId)).modules).not.toHaveProperty('financials');
    expect(await suite.events('subscription.tenant.changed', later.deploymentId)).toMatchObject([
      { direction: 'downgrade', effectiveAt: '2026-05-01T00:00:00.000Z' },
    ]);
    await waitFor('the renewal', async () =>
      (await suite.subscription(now.deploymentId)).period.to.startsWith('2026-06'),
    );
    suite.core.setClock('2026-06-01T12:00:00.000Z');
    expect([await baseFeeOf(now.tenantId, '2026-05'), await baseFeeOf(later.tenantId, '2026-05')]).toEqual([
      '80.00',
      '20.00',
    ]);
    expect(await baseFeeOf(now.tenantId, '2026-04')).toBe('35.00');
  });

  it('follows the billed month where the tenant’s zone has changed: no month is rated by the plan of the next, nor outlasted', async () => {
    const settings = { ...UTC, autoInvoice: true, autoReminders: true };
    const moved = async (timeZone: string) => {
      const made = await suite.tenant({ billing: UTC, addons: [] });
      await ready(made.deploymentId);
      await suite.admin.expect(200, 'PUT', `/api/v1/tenants/${made.tenantId}/billing-settings`, {
        ...settings,
        timeZone,
      });
      return made;
    };
    const [west, east] = [await moved('Pacific/Honolulu'), await moved('Australia/Brisbane')];
    suite.core.setClock('2026-07-20T12:00:00.000Z');
    await waitFor('both renewals', async () => {
      const shown = await Promise.all([west, east].map(({ deploymentId }) => suite.subscription(deploymentId)));
      return shown.every(({ period }) => period.to.startsWith('2026-08'));
    });
    expect(await change(west.subscription.id, { planCode: 'small', mode: 'next_period' })).toMatchObject({
      body: { plans: [{}, { entitledFrom: '2026-08-01T00:00:00.000Z', pricedFrom: '2026-08-01T10:00:00.000Z' }] },
    });
    expect(await feesOf(west.tenantId, '2026-07')).toEqual([['studio', '50.00']]);
    expect(await feesOf(west.tenantId, '2026-08')).toEqual([['small', '20.00']]);
    const cancel = `/api/v1/billing/subscriptions/${east.subscription.id}/cancel`;
    expect(await suite.admin.post(cancel, { at: 'period_end', reason: 'x' })).toMatchObject({
      status: 200,
      body: { endedAt: '2026-07-31T14:00:00.000Z' },
    });
    expect(await feesOf(east.tenantId, '2026-07')).toEqual([['studio', '50.00']]);
    expect(await feesOf(east.tenantId, '2026-08')).toEqual([]);
  });
});
