import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { UnitOfWork } from '@biplane/service-kit';
import { checkInvariants, ServiceClient } from '@biplane/testing';
import { coreSuite, publishLike, type CoreSuite } from '../../testing/core-suite.js';
import { AppliedService } from '../licenses/index.js';

interface Created {
  readonly deployment: { id: string; state: string; phase: string; type: string; url: string; settings: object };
  readonly operation: { id: string; state: string } | null;
  readonly inviteToken: string | null;
}
let suite: CoreSuite;

beforeAll(async () => {
  suite = await coreSuite({
    startAt: '2026-04-10T10:00:00.000Z',
    clients: { other: [`tenant:${randomUUID()}`], reader: ['platform:read'] },
  });
  await publishLike(suite.admin, { code: 'tried', rank: 20, trialDays: 14 });
  await publishLike(suite.admin, { code: 'isolated', rank: 50, dedicatedCompute: true });
  await publishLike(suite.admin, { code: 'in_euro', rank: 20, currency: 'EUR' });
});
afterAll(async () => {
  await checkInvariants(suite.postgres.url);
  await suite?.close();
});

const create = (body: object, key: string = randomUUID()) =>
  suite.admin.post(
    '/api/v1/deployments',
    { slug: 'staging', displayName: 'Staging', region: 'eu-1', ...body },
    { 'idempotency-key': key },
  );
const subscribe = (id: string, body: object) => suite.admin.post(`/api/v1/deployments/${id}/subscribe`, body);
const count = async (table: string, tenantId: string) =>
  (
    await suite.postgres.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${table} WHERE tenant_id = $1`, [
      tenantId,
    ])
  )[0]!.n;

/** What its home says once the database is there and the administrator can sign in. */
async function reportReady(id: string): Promise<void> {
  const { app } = suite.core;
  const { homeId, epoch, database } = (await suite.admin.expect(200, 'GET', `/api/v1/deployments/${id}`)) as {
    homeId: string; epoch: number; database: string;
  }; // prettier-ignore
  const license = (await suite.admin.expect(200, 'GET', `/api/v1/licenses/${id}`)) as {
    version: number; document: { jti: string };
  }; // prettier-ignore
  const record = {
    deploymentId: id, homeId, epoch, licenseVersion: license.version, licenseJti: license.document.jti,
    appliedAt: '2026-04-10T10:00:00.000Z', adminBootstrapped: true,
    database: { state: 'ready' as const, name: database, schemaVersion: '20260101000000_init' },
  }; // prettier-ignore
  const applied = app.get(AppliedService, { strict: false });
  await app.get(UnitOfWork).run((tx) => applied.receiveApplied(tx, record, { key: id, region: 'eu-1' }));
}

describe('further deployments of a tenant', () => {
  it('one with a plan is provisioned like the first: subscription, license, invite, operation, and the same answer for the same key', async () => {
    const { tenantId } = await suite.tenant();
    const key = randomUUID();
    const body = {
      tenantId,
      plan: { code: 'studio' },
      llmMode: 'hosted',
      settings: { seats: 3 },
      templateCode: 'blank',
    };
    const answer = await create(body, key);
    const created = answer.body as Created;
    expect([answer.status, answer.headers.get('location')]).toEqual([
      202,
      `/api/v1/operations/${created.operation!.id}`,
    ]);
    expect(created.deployment).toMatchObject({
      tenantId, slug: 'staging', type: 'shared', state: 'active', phase: 'license_issued',
      settings: { seats: 3, llmMode: 'hosted' }, template: { code: 'blank', version: 1 },
    }); // prettier-ignore
    expect(created.inviteToken).toMatch(/^[A-Za-z0-9_-]{43}$/);
    const { id } = created.deployment;
    expect(await suite.license(id)).toMatchObject({ version: 1, status: 'active', plan: { code: 'studio' } });
    const license = (await suite.admin.expect(200, 'GET', `/api/v1/licenses/${id}`)) as {
      document: { bootstrap: object };
    };
    expect(license.document.bootstrap).toMatchObject({
      inviteTokenHash: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown,
    });
    expect(await suite.subscription(id)).toMatchObject({ status: 'active', plan: { code: 'studio', version: 1 } });
    expect(await suite.events('subscription.tenant.activated', id)).toHaveLength(1);
    const again = (await create(body, key)).body as Created;
    expect([again.deployment.id, again.inviteToken]).toEqual([id, null]);
    expect(await count('deployment', tenantId)).toBe(2);
    // Each is its own: pausing one leaves the other.
    await suite.admin.expect(200, 'POST', `/api/v1/deployments/${id}/transition`, { to: 'paused', reason: 'x' });
    const page = (await suite.admin.expect(200, 'GET', `/api/v1/deployments?tenantId=${tenantId}`)) as {
      data: { state: string }[];
    };
    expect(page.data.map(({ state }) => state).sort()).toEqual(['active', 'paused']);
  });

  it('null where a member may be left out is as if it were', async () => {
    const { tenantId } = await suite.tenant();
    const body = { tenantId, plan: { code: 'studio' }, addons: null, term: null, admin: null, settings: null };
    expect((await create(body)).status).toBe(202);
  });

  it('one without a plan waits, grants and costs nothing, and lives once it is subscribed', async () => {
    const { tenantId } = await suite.tenant();
    const answer = await create({ tenantId });
    const { deployment, operation } = answer.body as Created;
    expect([answer.status, operation, deployment.state, deployment.phase]).toEqual([201, null, 'trial', 'recorded']);
    expect((await suite.admin.get(`/api/v1/licenses/${deployment.id}`)).status).toBe(404);
    expect(await suite.admin.expect(200, 'GET', `/api/v1/deployments/${deployment.id}`)).toMatchObject({
      subscription: null,
    });
    for (const [verb, path, body] of [
      ['PUT', 'modules/financials', { enabled: false }],
      ['POST', 'addons', { code: 'storage_50gb' }],
    ] as const) {
      const refused = await suite.admin.send(verb, `/api/v1/deployments/${deployment.id}/${path}`, body);
      expect(refused).toMatchObject({ status: 422, body: { code: 'SUBSCRIPTION.NONE' } });
    }
    const active = { to: 'active', reason: 'x' };
    expect(await suite.admin.post(`/api/v1/deployments/${deployment.id}/transition`, active)).toMatchObject({
      status: 422,
      body: { allowed: ['cancelled'] },
    });
    // Suspending its tenant and letting it go on leaves it waiting.
    for (const verb of ['suspend', 'resume']) {
      await suite.admin.expect(200, 'POST', `/api/v1/tenants/${tenantId}/${verb}`, { reason: 'x' });
    }
    await suite.admin.expect(200, 'GET', `/api/v1/billing/tenants/${tenantId}/monthly?period=2026-04`);
    await suite.admin.expect(200, 'GET', `/api/v1/subscription/tenants/${tenantId}/entitlements`);

    const started = await subscribe(deployment.id, {
      planCode: 'studio',
      addons: [{ code: 'storage_50gb', quantity: '2' }],
    });
    expect(started).toMatchObject({
      status: 201,
      body: { status: 'active', plan: { code: 'studio' }, addons: [{ units: '2' }], operation: { state: 'running' } },
    });
    expect((await suite.license(deployment.id)).modules['storage']?.limits).toMatchObject([{ cap: '100' }]);
    expect(await suite.admin.expect(200, 'GET', `/api/v1/deployments/${deployment.id}`)).toMatchObject({
      state: 'active', phase: 'license_issued', events: [{ to: 'trial' }, { to: 'active' }],
    }); // prettier-ignore
    expect(await subscribe(deployment.id, { planCode: 'tried' })).toMatchObject({
      status: 422,
      body: { code: 'SUBSCRIPTION.ALREADY', subscriptionId: (started.body as { id: string }).id },
    });
  });

  it('both are ready when their home reports it, each once, and are charged from then on', async () => {
    const { tenantId } = await suite.tenant({ addons: [] });
    const atOnce = (await create({ tenantId, slug: 'at-once', plan: { code: 'studio' } })).body as Created;
    const later = (await create({ tenantId, slug: 'later' })).body as Created;
    const started = (await subscribe(later.deployment.id, { planCode: 'studio' })).body as {
      operation: { id: string };
    };
    for (const [id, operationId] of [
      [atOnce.deployment.id, atOnce.operation!.id],
      [later.deployment.id, started.operation.id],
    ] as const) {
      await reportReady(id);
      expect(await suite.admin.expect(200, 'GET', `/api/v1/operations/${operationId}`)).toMatchObject({
        state: 'succeeded',
      });
      const shown = await suite.admin.expect(200, 'GET', `/api/v1/deployments/${id}`);
      expect(shown).toMatchObject({
        phase: 'ready',
        firstReadyAt: expect.stringContaining('2026-04-10T10:') as unknown,
      });
    }
    const bill = (await suite.admin.expect(
      200,
      'GET',
      `/api/v1/billing/tenants/${tenantId}/monthly?period=2026-04`,
    )) as {
      lines: { kind: string; deployment: string }[];
    };
    const billed = bill.lines.filter(({ kind }) => kind === 'plan_base').map(({ deployment }) => deployment);
    expect(billed).toEqual([atOnce.deployment.id, later.deployment.id].sort());
  });

  it('subscribed by the name of the subscription, to a plan with a trial, it stays in its trial', async () => {
    const { tenantId } = await suite.tenant();
    const { deployment } = (await create({ tenantId })).body as Created;
    const answer = await suite.admin.post('/api/v1/billing/subscriptions', {
      deploymentId: deployment.id,
      planCode: 'tried',
    });
    expect(answer).toMatchObject({
      status: 201,
      body: { status: 'trialing', trialEndsAt: expect.any(String) as unknown },
    });
    const { id } = answer.body as { id: string };
    expect(answer.headers.get('location')).toBe(`/api/v1/billing/subscriptions/${id}`);
  });

  it('subscribed many times at once it has one subscription, one license and one operation', async () => {
    const { tenantId } = await suite.tenant();
    const { deployment } = (await create({ tenantId })).body as Created;
    const answers = await Promise.all([1, 2, 3, 4].map(() => subscribe(deployment.id, { planCode: 'tried' })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 422, 422, 422]);
    expect((await suite.license(deployment.id)).version).toBe(1);
    expect([await count('subscription', tenantId), await count('operation', tenantId)]).toEqual([2, 2]);
  });

  it('two of one slug at once are one; another tenant may have it too', async () => {
    const [one, two] = [await suite.tenant(), await suite.tenant()];
    const answers = await Promise.all([1, 2, 3].map(() => create({ tenantId: one.tenantId })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
    expect((await create({ tenantId: two.tenantId })).status).toBe(201);
  });

  it('one of its own compute has a host that no other tenant can have', async () => {
    const { tenantId } = await suite.tenant();
    const { slug } = (await suite.admin.expect(200, 'GET', `/api/v1/tenants/${tenantId}`)) as { slug: string };
    const { deployment } = (await create({ tenantId, plan: { code: 'isolated' } })).body as Created;
    expect([deployment.type, deployment.url]).toEqual(['container_per_tenant', `https://staging.${slug}.eu-1.example`]);
    const { deployment: shared } = (await create({ tenantId, slug: 'shared' })).body as Created;
    expect(await subscribe(shared.id, { planCode: 'isolated' })).toMatchObject({
      status: 422,
      body: { code: 'SUBSCRIPTION.PLAN_NEEDS_CONTAINER' },
    });
  });

  it('a suspended tenant begins nothing new', async () => {
    const { tenantId } = await suite.tenant();
    const { deployment } = (await create({ tenantId, slug: 'before' })).body as Created;
    await suite.admin.expect(200, 'POST', `/api/v1/tenants/${tenantId}/suspend`, { reason: 'x' });
    const refused = { status: 422, body: { code: 'TENANT.SUSPENDED' } };
    expect(await create({ tenantId, plan: { code: 'studio' } })).toMatchObject(refused);
    expect(await subscribe(deployment.id, { planCode: 'studio' })).toMatchObject(refused);
  });

  const refused: [why: string, body: object, status: number, code: string][] = [
    ['an unknown tenant', { tenantId: randomUUID() }, 404, 'TENANT.NOT_FOUND'],
    ['an unknown region', { region: 'mars-1' }, 422, 'REGION.UNKNOWN'],
    ['a plan that is not sold', { plan: { code: 'nothing' } }, 422, 'CATALOG.PLAN_UNKNOWN'],
    ['another currency', { plan: { code: 'in_euro' } }, 422, 'SUBSCRIPTION.CURRENCY_MISMATCH'],
    ['settings that are deep', { settings: { a: { b: 1 } } }, 400, 'REQUEST.INVALID'],
    ['settings that are a list', { settings: [1] }, 400, 'REQUEST.INVALID'],
    ['a slug with a path in it', { slug: '../x' }, 400, 'REQUEST.INVALID'],
    ['a state of one’s own', { state: 'active' }, 400, 'REQUEST.INVALID'],
    ['a name with control characters', { displayName: 'a\u0007b' }, 400, 'REQUEST.INVALID'],
  ]; // prettier-ignore
  it.each(refused)('refuses %s and leaves nothing behind', async (_why, body, status, code) => {
    const { tenantId } = await suite.tenant();
    expect(await create({ tenantId, ...body })).toMatchObject({ status, body: { code } });
    expect(await count('deployment', tenantId)).toBe(1);
  });

  it('needs its key, and an administrator', async () => {
    const { tenantId, deploymentId } = await suite.tenant();
    const body = { tenantId, slug: 'x', displayName: 'X', region: 'eu-1' };
    expect(await suite.admin.post('/api/v1/deployments', body)).toMatchObject({
      status: 400,
      body: { code: 'IDEMPOTENCY.KEY_MISSING' },
    });
    for (const client of ['other', 'reader']) {
      const as = new ServiceClient(suite.core.url, { clientId: client, clientSecret: client });
      expect((await as.post('/api/v1/deployments', body, { 'idempotency-key': 'k' })).status).toBe(403);
      expect((await as.post(`/api/v1/deployments/${deploymentId}/subscribe`, { planCode: 'studio' })).status).toBe(403);
      expect((await as.post('/api/v1/billing/subscriptions', { deploymentId, planCode: 'studio' })).status).toBe(403);
    }
    expect((await subscribe(randomUUID(), { planCode: 'studio' })).status).toBe(404);
    expect((await subscribe(deploymentId, { planCode: 'studio', price: '0' })).status).toBe(400);
  });
});
