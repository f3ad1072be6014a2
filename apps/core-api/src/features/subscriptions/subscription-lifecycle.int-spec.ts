import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Clock } from '@biplane/kernel';
import { CLOCK } from '@biplane/service-kit';
import { checkInvariants, ServiceClient, waitFor } from '@biplane/testing';
import { coreSuite, publishLike, type CoreSuite } from '../../testing/core-suite.js';

const UTC = { currency: 'USD', timeZone: 'UTC', country: 'AU', taxId: null, payByInvoice: true, locale: 'en-AU' };
let suite: CoreSuite;

/** The clock only moves onwards: each test goes on where the one before it ended. */
beforeAll(async () => {
  suite = await coreSuite({
    startAt: '2026-04-10T10:00:00.000Z',
    clients: { other: [`tenant:${randomUUID()}`], reader: ['platform:read'] },
  });
  await publishLike(suite.admin, { code: 'tried', rank: 20, trialDays: 4 });
  await publishLike(suite.admin, { code: 'team', rank: 30, baseFee: '80.00' });
  await publishLike(suite.admin, { code: 'pro', rank: 40, baseFee: '120.00' });
});
afterAll(async () => {
  await checkInvariants(suite.postgres.url);
  await suite?.close();
});

const act = (id: string, verb: string, body: object) =>
  suite.admin.post(`/api/v1/billing/subscriptions/${id}/${verb}`, { reason: 'asked for', ...body });
/** The service reads its clock anew every few milliseconds; what follows is done at that instant. */
const moveClock = async (instant: string) => {
  suite.core.setClock(instant);
  const clock = suite.core.app.get<Clock>(CLOCK, { strict: false });
  await waitFor('the clock', () => Promise.resolve(clock.now() >= new Date(instant)));
};
const ready = (deploymentId: string) =>
  suite.postgres.query('UPDATE deployment SET first_ready_at = created_at WHERE id = $1', [deploymentId]);
const eventsOf = async (id: string) =>
  ((await suite.admin.expect(200, 'GET', `/api/v1/deployments/${id}`)) as { events: { to: string; at: string }[] })
    .events;
const feesOf = async (tenantId: string, period: string) => {
  const bill = (await suite.admin.expect(
    200,
    'GET',
    `/api/v1/billing/tenants/${tenantId}/monthly?period=${period}`,
  )) as {
    lines: { kind: string; resourceKind: string; amount: { amount: string } }[];
  };
  return bill.lines
    .filter(({ kind }) => kind === 'plan_base')
    .map(({ resourceKind, amount }) => [resourceKind, amount.amount]);
};
const subscribed = async (plan = 'studio') => {
  const created = await suite.tenant({ billing: UTC, addons: [], plan: { code: plan } });
  await ready(created.deploymentId);
  return created;
};

describe('lifecycle of a subscription', () => {
  it('D14: changed twice in one day, the day is owed once, by the plan at its end, and nothing of the past is rewritten', async () => {
    const [once, twice] = [await subscribed(), await subscribed()];
    await moveClock('2026-04-20T10:00:00.000Z');
    for (const { subscription } of [once, twice]) {
      expect(await act(subscription.id, 'change-plan', { planCode: 'team', mode: 'now' })).toMatchObject({
        status: 200,
      });
    }
    expect(await act(twice.subscription.id, 'change-plan', { planCode: 'pro', mode: 'now' })).toMatchObject({
      status: 200,
    });
    // Ready on the 10th: ten days of the studio, eleven of what came after it.
    expect(await feesOf(once.tenantId, '2026-04')).toEqual([['studio', '16.67'], ['team', '29.33']]); // prettier-ignore
    expect(await feesOf(twice.tenantId, '2026-04')).toEqual([['studio', '16.67'], ['pro', '44.00']]); // prettier-ignore
    expect((await suite.license(twice.deploymentId)).plan.code).toBe('pro');
    const down = await act(twice.subscription.id, 'change-plan', { planCode: 'team', mode: 'now' });
    expect(down).toMatchObject({ status: 422, body: { allowed: ['next_invoice', 'next_period'] } });
  });

  it('a trial that is cancelled works to its end and costs nothing', async () => {
    const { tenantId, deploymentId, subscription } = await subscribed('tried');
    expect(subscription.status).toBe('trialing');
    const answer = await act(subscription.id, 'cancel', { at: 'period_end' });
    expect(answer).toMatchObject({ status: 200, body: { status: 'cancelled' } });
    const { remaining, endedAt } = answer.body as { remaining: { to: string }; endedAt: string };
    expect([remaining.to, endedAt]).toEqual([
      endedAt,
      (subscription as unknown as { trialEndsAt: string }).trialEndsAt,
    ]);
    expect((await suite.license(deploymentId)).status).toBe('active');
    expect(await feesOf(tenantId, '2026-04')).toEqual([]);
  });

  it('the end of a trial races with a cancellation: it is paid from the trial’s own end on, whoever was first', async () => {
    const trials = [
      await subscribed('tried'),
      await subscribed('tried'),
      await subscribed('tried'),
      await subscribed('tried'),
    ];
    await moveClock('2026-04-24T12:00:00.000Z');
    const cancelled = await Promise.all(
      trials.slice(1).map(({ subscription: { id } }) => act(id, 'cancel', { at: 'now' })),
    );
    expect(cancelled.map(({ status }) => status)).toEqual([200, 200, 200]);
    for (const { tenantId, deploymentId, subscription } of trials.slice(1)) {
      const { trialEndsAt } = subscription as unknown as { trialEndsAt: string };
      const events = await eventsOf(deploymentId);
      expect(events.map(({ to }) => to)).toEqual(['trial', 'active', 'cancelled']);
      expect(events[1]!.at).toBe(trialEndsAt);
      expect(await feesOf(tenantId, '2026-04')).toEqual([['tried', '1.67']]);
    }
    const [paid] = trials;
    await waitFor('the trial to end', async () => (await suite.subscription(paid!.deploymentId)).status === 'active');
    expect(await feesOf(paid!.tenantId, '2026-04')).toEqual([['tried', '11.67']]);
  });

  it('paused it is suspended and its whole days cost nothing, resumed it goes on', async () => {
    const { tenantId, deploymentId, subscription } = await subscribed();
    expect(await act(subscription.id, 'pause', {})).toMatchObject({ status: 200, body: { status: 'paused' } });
    expect((await suite.license(deploymentId)).status).toBe('suspended');
    expect(await act(subscription.id, 'pause', {})).toMatchObject({
      status: 422,
      body: { code: 'DEPLOYMENT.TRANSITION_FORBIDDEN', allowed: ['active', 'suspended', 'cancelled'] },
    });
    await moveClock('2026-04-27T12:00:00.000Z');
    expect(await act(subscription.id, 'resume', {})).toMatchObject({ status: 200, body: { status: 'active' } });
    expect(await suite.license(deploymentId)).toMatchObject({ version: 3, status: 'active' });
    // The 24th and the 27th count, the 25th and the 26th do not: five of thirty days.
    expect(await feesOf(tenantId, '2026-04')).toEqual([['studio', '8.33']]);
    expect(await suite.events('subscription.tenant.resumed', deploymentId)).toHaveLength(1);
  });

  it('cancelled now it stops at once and is charged to then; at the period’s end it works until then, is revoked and archived', async () => {
    const [now, later] = [await subscribed(), await subscribed()];
    expect(await act(now.subscription.id, 'cancel', { at: 'now' })).toMatchObject({
      status: 200,
      body: { status: 'expired', remaining: null },
    });
    expect((await suite.license(now.deploymentId)).status).toBe('revoked');
    expect(await feesOf(now.tenantId, '2026-04')).toEqual([['studio', '1.67']]);
    expect(await feesOf(now.tenantId, '2026-05')).toEqual([]);

    expect(await act(later.subscription.id, 'cancel', { at: 'period_end' })).toMatchObject({
      status: 200,
      body: { status: 'cancelled', endedAt: '2026-05-01T00:00:00.000Z', remaining: { to: '2026-05-01T00:00:00.000Z' } },
    });
    expect((await suite.license(later.deploymentId)).status).toBe('active');
    expect(await feesOf(later.tenantId, '2026-04')).toEqual([['studio', '6.67']]);
    expect(await act(later.subscription.id, 'resume', {})).toMatchObject({
      status: 422,
      body: { allowed: ['archived'] },
    });

    const racing = [await subscribed(), await subscribed(), await subscribed()];
    await moveClock('2026-05-01T00:00:00.500Z');
    // A plan change races with the renewal: whoever is first, the next period is June.
    const changes = await Promise.all(
      racing.map(({ subscription: { id } }) => act(id, 'change-plan', { planCode: 'team', mode: 'next_period' })),
    );
    for (const [index, { status, body }] of changes.entries()) {
      expect([status, (body as { plans: unknown[] }).plans.at(-1)]).toMatchObject([
        200,
        { code: 'team', pricedFrom: '2026-06-01T00:00:00.000Z' },
      ]);
      const { deploymentId } = racing[index]!;
      await waitFor('the renewal', async () =>
        (await suite.subscription(deploymentId)).period.to.startsWith('2026-06-01'),
      );
      expect(await suite.events('subscription.tenant.renewed', deploymentId)).toHaveLength(1);
      expect((await suite.license(deploymentId)).plan.code).toBe('studio');
    }
    await waitFor('the end', async () => (await suite.license(later.deploymentId)).status === 'revoked');
    expect((await suite.subscription(later.deploymentId)).status).toBe('expired');
    const archived = { to: 'archived', reason: 'retired' };
    await suite.admin.expect(200, 'POST', `/api/v1/deployments/${later.deploymentId}/transition`, archived);
    expect(await feesOf(later.tenantId, '2026-05')).toEqual([]);
  });

  it('only an administrator acts; unknown members and another tenant’s subscription are refused', async () => {
    const { subscription, deploymentId } = await subscribed();
    for (const client of ['other', 'reader']) {
      const as = new ServiceClient(suite.core.url, { clientId: client, clientSecret: client });
      for (const verb of ['pause', 'resume', 'cancel', 'change-plan']) {
        const path = `/api/v1/billing/subscriptions/${subscription.id}/${verb}`;
        expect((await as.post(path, { reason: 'x', at: 'now' })).status).toBe(403);
      }
    }
    const other = new ServiceClient(suite.core.url, { clientId: 'other', clientSecret: 'other' });
    expect((await other.get(`/api/v1/billing/subscriptions/${subscription.id}`)).status).toBe(404);
    expect((await act(randomUUID(), 'pause', {})).status).toBe(404);
    const hostile: [verb: string, body: object][] = [
      ['pause', { at: 'now' }], ['resume', { reason: '' }], ['cancel', {}], ['cancel', { at: 'tomorrow' }],
      ['cancel', { at: 'now', refund: true }], ['pause', { reason: 'x'.repeat(501) }],
    ]; // prettier-ignore
    for (const [verb, body] of hostile) expect((await act(subscription.id, verb, body)).status).toBe(400);
    for (const query of ['status=active', 'limit=0', 'cursor=x', 'tenantId=1']) {
      expect((await suite.admin.get(`/api/v1/billing/subscriptions?${query}`)).status).toBe(400);
    }
    expect((await suite.license(deploymentId)).version).toBe(1);
  });
});
