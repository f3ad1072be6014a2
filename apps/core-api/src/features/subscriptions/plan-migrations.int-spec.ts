import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { checkInvariants, ServiceClient, waitFor } from '@biplane/testing';
import { coreSuite, publishLike, type CoreSuite } from '../../testing/core-suite.js';
import { studio } from '../../testing/scenario.js';

interface Shown {
  readonly id: string;
  readonly state: string;
  readonly matched: number;
  readonly migrated: number;
  readonly skipped: number;
  readonly parkedCount: number;
  readonly parked: readonly { subscriptionId: string; code: string }[];
}
const UTC = { currency: 'USD', timeZone: 'UTC', country: 'AU', taxId: null, payByInvoice: true, locale: 'en-AU' };
let suite: CoreSuite;

beforeAll(async () => {
  suite = await coreSuite({
    startAt: '2026-04-10T10:00:00.000Z',
    clients: { other: [`tenant:${randomUUID()}`], reader: ['platform:read'] },
  });
});
afterAll(async () => {
  await checkInvariants(suite.postgres.url);
  await suite?.close();
});

const migrate = (code: string, version: number, body: object) =>
  suite.admin.post(`/api/v1/subscription/plans/${code}/versions/${version}/migrate`, { reason: 'new prices', ...body });
const done = (id: string) =>
  waitFor('the migration', async () => {
    const shown = (await suite.admin.expect(200, 'GET', `/api/v1/subscription/plan-migrations/${id}`)) as Shown;
    return shown.state === 'done' && shown;
  });
/** A further version of a plan, published. */
const publishVersion = async (code: string, version: number, over: object) => {
  const path = `/api/v1/subscription/plans/${code}/versions`;
  await suite.admin.expect(201, 'POST', path, { version: { ...studio.version, ...over } });
  await suite.admin.expect(200, 'POST', `${path}/${version}/publish`);
};
const subscribed = (code: string, version?: number) =>
  suite.tenant({ billing: UTC, addons: [], plan: { code, ...(version !== undefined && { version }) } });
const latestOf = async (subscriptionId: string) => {
  const sql = `SELECT plan_code, plan_version FROM subscription_plan WHERE subscription_id = $1 ORDER BY id DESC LIMIT 1`;
  const [row] = await suite.postgres.query<{ plan_code: string; plan_version: number }>(sql, [subscriptionId]);
  return [row!.plan_code, row!.plan_version];
};

describe('plan migrations', () => {
  it('moves those on older versions with their next period, and a second run finds nothing', async () => {
    await publishLike(suite.admin, { code: 'moving', rank: 20 });
    const old = [await subscribed('moving'), await subscribed('moving'), await subscribed('moving')];
    const [cancelled, paused] = [old[1]!, old[2]!];
    await suite.admin.expect(200, 'POST', `/api/v1/deployments/${cancelled.deploymentId}/transition`, {
      to: 'cancelled',
      reason: 'x',
    });
    await suite.admin.expect(200, 'POST', `/api/v1/deployments/${paused.deploymentId}/transition`, {
      to: 'paused',
      reason: 'x',
    });
    await publishVersion('moving', 2, { baseFee: '60.00' });
    const fresh = await subscribed('moving');

    const preview = await migrate('moving', 2, { mode: 'migrate', preview: true });
    expect(preview).toMatchObject({ status: 200, body: { preview: true, fromVersions: [1], matched: 3 } });
    expect(await latestOf(old[0]!.subscription.id)).toEqual(['moving', 1]);

    const answer = await migrate('moving', 2, { mode: 'migrate' });
    expect(answer).toMatchObject({ status: 202, body: { state: 'running', matched: 3, effective: 'next_period' } });
    const { id } = answer.body as Shown;
    expect(answer.headers.get('location')).toBe(`/api/v1/subscription/plan-migrations/${id}`);
    expect(await done(id)).toMatchObject({ migrated: 2, skipped: 1, parkedCount: 0 });
    for (const { subscription } of [old[0]!, paused]) expect(await latestOf(subscription.id)).toEqual(['moving', 2]);
    expect(await latestOf(cancelled.subscription.id)).toEqual(['moving', 1]);
    // Nothing is granted or signed before the next period, and who came later is none of it.
    expect(await suite.license(old[0]!.deploymentId)).toMatchObject({ version: 1, plan: { version: 1 } });
    expect((await suite.license(fresh.deploymentId)).plan.version).toBe(2);
    const again = (await migrate('moving', 2, { mode: 'migrate' })).body as Shown;
    expect(await done(again.id)).toMatchObject({ migrated: 0, parkedCount: 0 });
  });

  it('what cannot be moved is parked with its reason, stops no other, and is tried again by the next run', async () => {
    await publishLike(suite.admin, { code: 'parking', rank: 20 });
    const [first, second] = [await subscribed('parking'), await subscribed('parking')];
    await publishVersion('parking', 2, { currency: 'EUR' });
    await publishVersion('parking', 3, { baseFee: '70.00' });
    const { id } = (await migrate('parking', 2, { mode: 'migrate', from: [1] })).body as Shown;
    const parked = await done(id);
    expect(parked).toMatchObject({ migrated: 0, parkedCount: 2 });
    expect(parked.parked).toMatchObject([
      { code: 'SUBSCRIPTION.CURRENCY_MISMATCH' },
      { code: 'SUBSCRIPTION.CURRENCY_MISMATCH' },
    ]);
    const preview = (await migrate('parking', 2, { mode: 'migrate', from: [1], preview: true })).body;
    expect(preview).toMatchObject({ sample: [{ refusal: 'SUBSCRIPTION.CURRENCY_MISMATCH' }, {}] });
    const next = (await migrate('parking', 3, { mode: 'migrate', effective: 'next_invoice' })).body as Shown;
    expect(await done(next.id)).toMatchObject({ migrated: 2, parkedCount: 0 });
    for (const { deploymentId } of [first, second]) {
      expect(await suite.license(deploymentId)).toMatchObject({ version: 2, plan: { code: 'parking', version: 3 } });
    }
  });

  it('brings nothing forward: a plan that waits for the next period is granted then, in its new version', async () => {
    await publishLike(suite.admin, { code: 'high', rank: 40 });
    await publishLike(suite.admin, { code: 'waiting', rank: 10 });
    const { deploymentId, subscription } = await subscribed('high');
    await suite.admin.expect(200, 'POST', `/api/v1/billing/subscriptions/${subscription.id}/change-plan`, {
      planCode: 'waiting',
      mode: 'next_period',
      reason: 'x',
    });
    await publishVersion('waiting', 2, { baseFee: '60.00' });
    const { id } = (await migrate('waiting', 2, { mode: 'migrate', effective: 'next_invoice' })).body as Shown;
    expect(await done(id)).toMatchObject({ migrated: 1, parkedCount: 0 });
    expect(await latestOf(subscription.id)).toEqual(['waiting', 2]);
    expect(await suite.license(deploymentId)).toMatchObject({ version: 1, plan: { code: 'high' } });
  });

  it('grandfathered, they stay, and the decision is on record', async () => {
    await publishLike(suite.admin, { code: 'staying', rank: 20 });
    const { subscription } = await subscribed('staying');
    await publishVersion('staying', 2, { baseFee: '60.00' });
    const answer = await migrate('staying', 2, { mode: 'grandfather' });
    expect(answer).toMatchObject({ status: 202, body: { state: 'done', matched: 1, migrated: 0 } });
    expect(await latestOf(subscription.id)).toEqual(['staying', 1]);
    expect(await suite.admin.get('/api/v1/audit?action=plan_version.grandfathered')).toMatchObject({
      body: { data: [{ objectId: 'staying/2', reason: 'new prices' }] },
    });
  });

  it('refuses what leads nowhere, unknown members, and everybody but an administrator', async () => {
    const hostile: [body: object, status: number, code: string][] = [
      [{ mode: 'migrate' }, 422, 'PLAN_MIGRATION.NOTHING_LEFT'],
      [{ mode: 'migrate', from: [1] }, 422, 'PLAN_MIGRATION.NOTHING_LEFT'],
      [{ mode: 'now' }, 400, 'REQUEST.INVALID'],
      [{ mode: 'migrate', effective: 'now' }, 400, 'REQUEST.INVALID'],
      [{ mode: 'migrate', from: ['1'] }, 400, 'REQUEST.INVALID'],
      [{ mode: 'migrate', from: [] }, 400, 'REQUEST.INVALID'],
      [{ mode: 'migrate', to: 2 }, 400, 'REQUEST.INVALID'],
    ];
    for (const [body, status, code] of hostile) {
      expect(await migrate('studio', 1, body)).toMatchObject({ status, body: { code } });
    }
    expect(await migrate('studio', 9, { mode: 'migrate' })).toMatchObject({ status: 422 });
    expect(await migrate('nothing', 1, { mode: 'migrate' })).toMatchObject({ status: 422 });
    expect(await suite.admin.get(`/api/v1/subscription/plan-migrations/${randomUUID()}`)).toMatchObject({
      status: 404,
    });
    for (const client of ['other', 'reader']) {
      const as = new ServiceClient(suite.core.url, { clientId: client, clientSecret: client });
      const path = '/api/v1/subscription/plans/studio/versions/1/migrate';
      expect((await as.post(path, { mode: 'migrate', reason: 'x' })).status).toBe(403);
    }
  });
});
