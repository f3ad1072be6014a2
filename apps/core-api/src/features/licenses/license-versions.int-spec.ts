import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { checkInvariants, ServiceClient, testPostgres, waitFor, type TestPostgres } from '@biplane/testing';
import { runCore, type RunningCore } from '../../testing/running-core.js';
import { prepareCatalog, tenantBody } from '../../testing/scenario.js';

interface Version {
  version: number;
  status: string;
  cause: string;
  document: { termEndsAt: string; exp: number; iat: number; purgeAfter?: string };
}

const startAt = '2026-03-31T10:00:00.000Z';
let postgres: TestPostgres;
let core: RunningCore;
let admin: ServiceClient;

beforeAll(async () => {
  postgres = await testPostgres('core');
  core = await runCore({ databaseUrl: postgres.url, regions: ['eu-1'], startAt });
  admin = new ServiceClient(core.url, { clientId: 'admin', clientSecret: 'admin' });
  await prepareCatalog(admin, { region: 'eu-1', homeId: randomUUID(), key: core.key });
});
afterAll(async () => {
  await core?.close();
  await checkInvariants(postgres.url);
  await postgres?.drop();
});

async function deployment(): Promise<string> {
  const answer = await admin.post('/api/v1/tenants', tenantBody(`t-${randomUUID().slice(0, 8)}`, 'eu-1'), {
    'idempotency-key': randomUUID(),
  });
  return (answer.body as { deployment: { id: string } }).deployment.id;
}
const history = async (id: string) =>
  ((await admin.expect(200, 'GET', `/api/v1/licenses/${id}/history`)) as { data: Version[] }).data;
const act = (id: string, verb: string) => admin.post(`/api/v1/licenses/${id}/${verb}`, { reason: 'test' });
const transition = (id: string, to: string) =>
  admin.post(`/api/v1/deployments/${id}/transition`, { to, reason: 'test' });

describe('license versions', () => {
  it('only rise, one by one, under concurrent re-issues', async () => {
    const id = await deployment();
    const answers = await Promise.all(Array.from({ length: 20 }, () => act(id, 'reissue')));
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect((await history(id)).map(({ version }) => version)).toEqual(
      Array.from({ length: 21 }, (_, index) => 21 - index),
    );
  });

  it('cannot be changed, removed or set back, by SQL either', async () => {
    const id = await deployment();
    await act(id, 'reissue');
    await expect(postgres.query(`UPDATE license SET signed = 'x' WHERE deployment_id = $1`, [id])).rejects.toThrow(
      /refused on license/,
    );
    await expect(postgres.query(`DELETE FROM license WHERE deployment_id = $1`, [id])).rejects.toThrow(
      /refused on license/,
    );
    await expect(postgres.query(`UPDATE license_head SET version = 1 WHERE deployment_id = $1`, [id])).rejects.toThrow(
      /refused on license_head/,
    );
  });

  it('follow a transition in its own transaction, and a forbidden one names what is allowed', async () => {
    const id = await deployment();
    expect(await transition(id, 'paused')).toMatchObject({ status: 200, body: { state: 'paused' } });
    expect((await history(id))[0]).toMatchObject({ version: 2, status: 'suspended', cause: 'transition' });
    expect(await transition(id, 'archived')).toMatchObject({
      status: 422,
      body: { code: 'DEPLOYMENT.TRANSITION_FORBIDDEN', allowed: ['active', 'suspended', 'cancelled'] },
    });
    expect(await history(id)).toHaveLength(2);
    await transition(id, 'active');
    expect((await history(id))[0]).toMatchObject({ version: 3, status: 'active' });
  });

  it('a revocation is a newer version, stays for ever and keeps its data for thirty days', async () => {
    const id = await deployment();
    expect(await act(id, 'revoke')).toMatchObject({ status: 200, body: { version: 2, status: 'revoked' } });
    const [revoked] = await history(id);
    expect(Date.parse(revoked!.document.purgeAfter!) - revoked!.document.iat * 1000).toBeGreaterThan(29 * 86_400_000);
    expect(await act(id, 'reissue')).toMatchObject({ status: 422, body: { code: 'LICENSING.REVOKED' } });
    await transition(id, 'suspended');
    expect((await history(id))[0]).toMatchObject({ version: 3, status: 'revoked' });
  });

  it('a trial ends at its own instant, a month ends in the zone of its tenant, and old licenses are signed again', async () => {
    const trial = { ...(await import('../../testing/scenario.js')).studio, code: 'trial' };
    await admin.expect(201, 'POST', '/api/v1/subscription/plans', {
      ...trial,
      version: { ...trial.version, trialDays: 14 },
    });
    await admin.expect(200, 'POST', '/api/v1/subscription/plans/trial/versions/1/publish');
    const body = { ...tenantBody('tried', 'eu-1'), plan: { code: 'trial' } };
    const created = await admin.post('/api/v1/tenants', body, { 'idempotency-key': randomUUID() });
    const { deployment: tried } = created.body as { deployment: { id: string; state: string } };
    expect(tried.state).toBe('trial');
    const [id, cancelled] = [await deployment(), await deployment()];
    await transition(cancelled, 'cancelled');
    expect((await history(cancelled))[0]).toMatchObject({
      status: 'active',
      document: { noticeAt: '2026-03-25T00:00:00.000Z' },
    });

    core.setClock('2026-05-01T01:00:00.000Z');
    const renewed = await waitFor('the renewal', async () => {
      const [newest] = await history(id);
      return newest!.document.termEndsAt === '2026-06-01T00:00:00.000Z' && newest;
    });
    expect(renewed!.document.exp).toBeLessThanOrEqual(renewed!.document.iat + 7 * 86_400);
    const shown = (await admin.expect(200, 'GET', `/api/v1/deployments/${id}`)) as { subscription: { period: object } };
    expect(shown.subscription.period).toEqual({ from: '2026-04-30T14:00:00.000Z', to: '2026-05-31T14:00:00.000Z' });
    await waitFor('the end of the cancelled one', async () => (await history(cancelled))[0]!.status === 'revoked');
    expect(await admin.get(`/api/v1/deployments/${cancelled}`)).toMatchObject({
      body: { state: 'cancelled', subscription: { status: 'expired' } },
    });
    expect(await admin.get('/api/v1/audit?action=subscription.ended')).toMatchObject({
      body: { data: [{ actor: 'job:subscription-ends', after: { endedAt: '2026-03-31T14:00:00.000Z' } }] },
    });
    const events = await waitFor('the end of the trial', async () => {
      const page = (await admin.expect(200, 'GET', `/api/v1/deployments/${tried.id}`)) as {
        state: string;
        events: { at: string }[];
      };
      return page.state === 'active' && page.events;
    });
    expect(events.at(-1)!.at).toMatch(/^2026-04-14T10:0/);

    const before = (await history(id))[0]!.version;
    core.setClock('2026-05-02T02:00:00.000Z');
    await waitFor('the daily re-issue', async () => {
      const [newest] = await history(id);
      return newest!.version > before && newest!.cause === 'daily';
    });
    const renewals = await postgres.query(
      `SELECT 1 FROM outbox WHERE headers->>'ce_type' = 'subscription.tenant.renewed' AND value LIKE '%' || $1 || '%'`,
      [id],
    );
    expect(renewals).toHaveLength(1);
  });
});
