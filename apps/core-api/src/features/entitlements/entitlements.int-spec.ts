import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import {
  checkInvariants,
  ServiceClient,
  sizeOfRun,
  spawnSource,
  testPostgres,
  waitFor,
  type TestPostgres,
} from '@biplane/testing';
import type { AskerInput } from '../../testing/check-asker.main.js';
import { coreSuite, publishLike, type CoreSuite } from '../../testing/core-suite.js';
import { cutProxy } from '../../testing/cut-proxy.js';
import { runCore, type RunningCore } from '../../testing/running-core.js';
import { ANSWER_MS, EntitlementChecks } from './checks.service.js';

const startAt = '2026-04-10T12:00:00.000Z';
/** Of replicas that are started later: their time must not lie before what the first one made. */
const laterAt = '2026-04-10T12:10:00.000Z';
const clients: Record<string, string[]> = { gate: ['entitlements:check'], submitter: ['usage:submit'] };
let suite: CoreSuite<ServiceClient, TestPostgres>;
let gate: ServiceClient;
let submitter: ServiceClient;

interface Decision {
  readonly outcome: string;
  readonly isAllowed: boolean;
  readonly code: string | null;
  readonly reason: string;
  readonly used: string | null;
  readonly remaining: string | null;
  readonly retryAt: string | null;
  readonly stale: boolean;
  readonly decisionId: string;
  readonly reservationId?: string;
  readonly ticketId?: string;
}
interface Ticket {
  readonly state: string;
  readonly ahead: number;
  readonly reservationId: string | null;
  readonly admittedAt: string | null;
}

const limitOf = (meter: string, over: object) => ({ meter, window: null, strategy: 'hard_block', warnAt: [], ...over });
const standard = {
  code: 'standard',
  rank: 10,
  meters: [],
  modules: [
    { module: 'connectors', features: ['create'], dailyPrice: null, limits: [limitOf('connectors', { cap: '10' })] },
    {
      module: 'ingestion',
      features: ['ingest'],
      dailyPrice: null,
      limits: [limitOf('ingested_gb', { cap: '50', window: 'month', strategy: 'queue', warnAt: ['0.8'] })],
    },
    {
      module: 'financials',
      features: ['automated_billing'],
      dailyPrice: null,
      limits: [limitOf('api_calls', { cap: '100', window: 'month', warnAt: ['0.8'] })],
    },
  ],
};

beforeAll(async () => {
  suite = await coreSuite({ testPostgres, ServiceClient }, { startAt, clients });
  [gate, submitter] = ['gate', 'submitter'].map(
    (id) => new ServiceClient(suite.core.url, { clientId: id, clientSecret: id }),
  ) as [ServiceClient, ServiceClient];
  for (const [meter, aggregation] of [
    ['connectors', 'last'],
    ['ingested_gb', 'sum'],
  ]) {
    const body = { meter, name: meter, unit: 'one', aggregation, authority: 'control' };
    await suite.admin.expect(201, 'POST', '/api/v1/catalog/meters', body);
  }
  await publishLike(suite.admin, standard);
  patient(suite.core);
}, 60_000);
afterAll(async () => {
  await checkInvariants(suite.postgres.url);
  await suite?.close();
}, 30_000);

/** What is held here is what is answered; how soon is held by B1 alone. */
function patient(core: RunningCore, answerMs = 20_000): void {
  core.app.get(EntitlementChecks, { strict: false }).answerMs = answerMs;
}

const made = () => suite.tenant({ plan: { code: 'standard' }, addons: [] });

async function check(deploymentId: string, body: object, key?: string): Promise<Decision> {
  const headers: Record<string, string> = key === undefined ? {} : { 'idempotency-key': key };
  const asked = { deploymentId, ...body };
  return (await gate.expect(200, 'POST', '/api/v1/subscription/check', asked, headers)) as Decision;
}
const connector = (deploymentId: string, over: object = {}) =>
  check(deploymentId, { action: 'connectors:create', meter: 'connectors', reserve: true, ...over });
const ingestion = (deploymentId: string, quantity: string, over: object = {}) =>
  check(deploymentId, { action: 'ingestion:ingest', meter: 'ingested_gb', quantity, reserve: true, ...over });
const act = (id: string, verb: string) => gate.post(`/api/v1/subscription/reservations/${id}/${verb}`);
const ticketOf = async (id: string) => (await gate.expect(200, 'GET', `/api/v1/subscription/tickets/${id}`)) as Ticket;
const quota = async (deploymentId: string, key: string) => {
  const path = `/api/v1/billing/quota?deployment=${deploymentId}&key=${key}`;
  return ((await gate.expect(200, 'GET', path)) as { data: Record<string, unknown>[] }).data[0];
};
const violations = async (deploymentId: string) => {
  const path = `/api/v1/subscription/violations?deploymentId=${deploymentId}`;
  return ((await suite.admin.expect(200, 'GET', path)) as { data: Record<string, unknown>[] }).data;
};
async function ingested(deploymentId: string, quantity: string, time: string): Promise<void> {
  const event = {
    ...{ specversion: '1.0', id: randomUUID(), source: '/platform/ingestion', type: 'dev.biplane.usage', time },
    ...{ subject: deploymentId, data: { meter: 'ingested_gb', quantity } },
  };
  const headers = { 'content-type': 'application/cloudevents+json' };
  expect(await submitter.expect(202, 'POST', '/api/v1/subscription/usage', event, headers)).toMatchObject({
    accepted: 1,
  });
}

describe('the connector story', () => {
  it('the eleventh of ten connectors is refused with its reason, and the refusal is a violation', async () => {
    const { deploymentId } = await made();
    for (let count = 1; count <= 10; count += 1) {
      const decision = await connector(deploymentId);
      expect(decision).toMatchObject({ outcome: 'allow', used: String(count - 1) });
      expect(await act(decision.reservationId!, 'confirm')).toMatchObject({
        status: 200,
        body: { state: 'confirmed' },
      });
    }
    const eleventh = await connector(deploymentId);
    expect(eleventh).toMatchObject({
      outcome: 'deny',
      isAllowed: false,
      code: 'LIMIT.REACHED',
      reason: '10 of 10 connectors are in use',
      used: '10',
      remaining: '0',
      stale: false,
    });
    const found = {
      rule: 'limit_denied',
      severity: 'warning',
      source: 'control',
      module: 'connectors',
      resolvedAt: null,
    };
    expect(await violations(deploymentId)).toMatchObject([{ ...found, used: '10', cap: '10', count: 1 }]);
    const [event] = await suite.events('subscription.entitlement.exceeded', deploymentId);
    expect(event).toMatchObject({ kind: 'denied', meter: 'connectors', plane: 'control', used: '10', cap: '10' });

    await connector(deploymentId, { reserve: false });
    expect(await violations(deploymentId)).toMatchObject([{ count: 2 }]);
    expect(await suite.events('subscription.entitlement.exceeded', deploymentId)).toHaveLength(1);
    expect(await quota(deploymentId, 'connectors.connectors')).toMatchObject({
      ...{ isAllowed: false, remaining: '0', used: '10', limit: '10', behavior: 'hard_block', stale: false },
    });
  });

  it('a reservation counts once however often it is confirmed, and what is released is free again', async () => {
    const { deploymentId } = await made();
    const { reservationId } = await connector(deploymentId, { quantity: '4' });
    expect(await quota(deploymentId, 'connectors.connectors')).toMatchObject({ used: '4', remaining: '6' });
    const twice = await Promise.all(Array.from({ length: 5 }, () => act(reservationId!, 'confirm')));
    expect(twice.map(({ status }) => status)).toEqual(Array(5).fill(200));
    const windows = await suite.postgres.query(
      `SELECT trim_scale(quantity)::text AS quantity FROM usage_window WHERE deployment_id = $1`,
      [deploymentId],
    );
    expect(windows).toEqual([{ quantity: '4' }]);
    expect(await act(reservationId!, 'release')).toMatchObject({
      status: 409,
      body: { code: 'RESERVATION.CONFIRMED' },
    });

    const second = await connector(deploymentId, { quantity: '6' });
    expect((await connector(deploymentId)).code).toBe('LIMIT.REACHED');
    expect(await act(second.reservationId!, 'release')).toMatchObject({ body: { state: 'released' } });
    expect(await act(second.reservationId!, 'confirm')).toMatchObject({ status: 409 });
    expect((await connector(deploymentId, { reserve: false })).outcome).toBe('allow');
    expect(await quota(deploymentId, 'connectors.connectors')).toMatchObject({ used: '4' });
  });

  it('a check of an unknown module or feature denies', async () => {
    const { deploymentId } = await made();
    for (const action of ['search:query', 'connectors:drop', 'constructor:create']) {
      expect(await check(deploymentId, { action })).toMatchObject({
        outcome: 'deny',
        code: 'LICENSE.MODULE_NOT_LICENSED',
      });
    }
    expect(await violations(deploymentId)).toEqual([]);
  });

  it('a meter that the homes count is answered from what they last told, and cannot be reserved here', async () => {
    const { deploymentId } = await made();
    const asked = { action: 'financials:automated_billing', meter: 'api_calls', quantity: '100' };
    expect(await check(deploymentId, asked)).toMatchObject({ outcome: 'warn', used: '0', stale: true });
    await suite.postgres.query(
      `INSERT INTO usage_window SELECT $1, 'api_calls', '2026-04-10T11:00:00Z', gen_random_uuid(), 1, '2026-04-10T12:00:00Z',
              '2026-04-10T11:00:00Z', 'sum', 1, 100, false, 1, '2026-04-10T11:59:00Z'`,
      [deploymentId],
    );
    expect(await check(deploymentId, asked)).toMatchObject({ outcome: 'deny', used: '100', stale: true });
    expect(await quota(deploymentId, 'financials.api_calls.month')).toMatchObject({
      ...{ used: '100', stale: true, asOf: '2026-04-10T11:59:00.000Z', resetsAt: '2026-04-30T14:00:00.000Z' },
    });
    const body = { deploymentId, ...asked, reserve: true };
    expect(await gate.post('/api/v1/subscription/check', body)).toMatchObject({
      status: 422,
      body: { code: 'METER.WRONG_PLANE' },
    });
  });
});

describe('one key, one decision', () => {
  it('C5: fifty checks at once with one key are one decision and one reservation', async () => {
    const { deploymentId } = await made();
    const key = randomUUID();
    const body = { deploymentId, action: 'connectors:create', meter: 'connectors', reserve: true };
    const ask = () => gate.post('/api/v1/subscription/check', body, { 'idempotency-key': key });
    const answers = await Promise.all(Array.from({ length: 50 }, ask));
    const late = answers.filter(({ status }) => status === 409);
    const decided = answers.filter(({ status }) => status === 200);
    expect(late.length + decided.length).toBe(50);
    for (const { headers } of late) expect(headers.get('retry-after')).toBe('1');
    const again = await ask();
    expect(again).toMatchObject({ status: 200, body: { outcome: 'allow' } });
    for (const { body: decision } of decided) expect(decision).toEqual(again.body);
    const held = 'SELECT 1 FROM limit_reservation WHERE deployment_id = $1';
    expect(await suite.postgres.query(held, [deploymentId])).toHaveLength(1);
    expect(await quota(deploymentId, 'connectors.connectors')).toMatchObject({ used: '1' });
  }, 30_000);

  it('C4: the same key with another question is refused, and nothing is held', async () => {
    const { deploymentId } = await made();
    const key = randomUUID();
    const body = { action: 'connectors:create', meter: 'connectors', quantity: '1', reserve: true };
    const first = await check(deploymentId, body, key);
    for (const over of [
      { quantity: '2' },
      { reserve: false },
      { action: 'ingestion:ingest' },
      { meter: 'ingested_gb' },
    ]) {
      const headers = { 'idempotency-key': key };
      const answer = await gate.post('/api/v1/subscription/check', { deploymentId, ...body, ...over }, headers);
      expect(answer).toMatchObject({ status: 422, body: { code: 'IDEMPOTENCY.KEY_REUSED' } });
    }
    expect(await check(deploymentId, body, key)).toEqual(first);
    expect(await quota(deploymentId, 'connectors.connectors')).toMatchObject({ used: '1' });
  });

  it.each([
    ['an unknown member', { priority: 'high' }],
    ['an action without a feature', { action: 'connectors' }],
    ['a negative quantity', { quantity: '-1' }],
    ['a number where a text belongs', { quantity: 1 }],
    ['a quantity of too many digits', { quantity: '1'.repeat(31) }],
    ['a deployment that is no id', { deploymentId: 'x' }],
  ])('refuses %s', async (_, over) => {
    const body = { deploymentId: randomUUID(), action: 'connectors:create', ...over };
    expect(await gate.post('/api/v1/subscription/check', body)).toMatchObject({ status: 400 });
  });
});

describe('requests that are queued', () => {
  it('are let in when the cap rises, the first one first; a place that is given up holds nobody up', async () => {
    const { deploymentId } = await made();
    const first = await ingestion(deploymentId, '48');
    expect(await act(first.reservationId!, 'confirm')).toMatchObject({ status: 200 });
    const queued: Decision[] = [];
    for (const quantity of ['5', '3', '4']) queued.push(await ingestion(deploymentId, quantity));
    expect(queued[0]).toMatchObject({ outcome: 'delay', code: 'LIMIT.QUEUED', retryAt: '2026-04-30T14:00:00.000Z' });
    // There would be room for one: who comes later goes to the end all the same.
    expect(await ingestion(deploymentId, '1')).toMatchObject({ code: 'LIMIT.QUEUED' });
    expect(await violations(deploymentId)).toMatchObject([
      { rule: 'limit_delayed', count: 4 },
      { rule: 'limit_warned', threshold: '0.8', severity: 'info' },
    ]);
    expect((await ticketOf(queued[2]!.ticketId!)).ahead).toBe(2);
    const path = `/api/v1/subscription/tickets/${queued[1]!.ticketId}`;
    expect(await gate.send('DELETE', path)).toMatchObject({ status: 200, body: { state: 'cancelled' } });
    expect((await ticketOf(queued[2]!.ticketId!)).ahead).toBe(1);

    const override = { cap: '57', reason: 'more for now' };
    await suite.admin.expect(
      200,
      'PUT',
      `/api/v1/deployments/${deploymentId}/overrides/ingestion/ingested_gb`,
      override,
    );
    const admitted = await waitFor('the tickets to be let in', async () => {
      const tickets = [await ticketOf(queued[0]!.ticketId!), await ticketOf(queued[2]!.ticketId!)];
      return tickets.every(({ state }) => state === 'admitted') && tickets;
    });
    expect(await act(admitted![0]!.reservationId!, 'confirm')).toMatchObject({ status: 200 });
    expect(await quota(deploymentId, 'ingestion.ingested_gb.month')).toMatchObject({ used: '57', limit: '57' });
    const events = await suite.events('subscription.ticket.admitted', deploymentId);
    expect(events.map(({ ticketId }) => ticketId)).toEqual([queued[0]!.ticketId, queued[2]!.ticketId]);
  }, 30_000);
});

describe('what a deployment is entitled to', () => {
  it('is told with the steps that led to it, and is what the license says', async () => {
    const { tenantId, deploymentId } = await suite.tenant();
    const override = { cap: '20', strategy: 'soft_warning', reason: 'pilot', until: '2026-12-31T00:00:00Z' };
    await suite.admin.expect(
      200,
      'PUT',
      `/api/v1/deployments/${deploymentId}/overrides/financials/api_calls`,
      override,
    );
    const flag = { enabled: false, reason: 'asked for' };
    await suite.admin.expect(200, 'PUT', `/api/v1/deployments/${deploymentId}/flags/beta_reports`, flag);
    const path = `/api/v1/subscription/tenants/${tenantId}/entitlements`;
    const told = (await suite.admin.expect(200, 'GET', `${path}?explain=true`)) as {
      deployments: { modules: { module: string; limits: Record<string, unknown>[] }[] }[];
    };
    const [deployment] = told.deployments;
    expect(deployment).toMatchObject({
      ...{ deploymentId, plan: 'studio', planVersion: 1, status: 'active', isGranted: true, code: null },
      featureFlags: [
        { flag: 'beta_reports', enabled: false, why: [{ source: 'plan' }, { source: 'flag', item: 'asked for' }] },
      ],
      modules: [
        {
          module: 'financials',
          features: [{ key: 'financials:automated_billing' }, { key: 'financials:statement_runs' }],
          limits: [
            {
              ...{ quotaKey: 'financials.api_calls.month', cap: '20', strategy: 'soft_warning' },
              why: [
                { source: 'plan', item: 'studio/1', effect: 'grants 100000, hard_block', until: null },
                { source: 'override', item: 'pilot', until: '2026-12-31T00:00:00.000Z' },
              ],
            },
          ],
        },
        { module: 'storage', limits: [{ quotaKey: 'storage.storage_gb', cap: '50', why: [{ source: 'addon' }] }] },
      ],
    });
    const { modules } = await suite.license(deploymentId);
    for (const { module, limits } of deployment!.modules) {
      expect(limits).toMatchObject(
        modules[module]!.limits.map(({ meter, cap, strategy }) => ({ meter, cap, strategy })),
      );
    }
    const plain = await suite.admin.expect(200, 'GET', `/api/v1/deployments/${deploymentId}/entitlements`);
    expect(JSON.stringify(plain)).not.toContain('"why"');
    expect(await suite.admin.expect(200, 'GET', `/api/v1/subscription/tenants/${tenantId}/plan`)).toMatchObject({
      ...{ tenantId, plan: 'studio', version: 1, tier: 'standard', status: 'active' },
      ...{ activatedAt: expect.stringMatching(/^2026-04-10T12/), renewsAt: '2026-04-30T14:00:00.000Z', endsAt: null },
      deployments: [{ deploymentId }],
    });
  });

  it('is nothing while it is paused, and says why', async () => {
    const { deploymentId } = await made();
    const transition = (to: string) =>
      suite.admin.post(`/api/v1/deployments/${deploymentId}/transition`, { to, reason: 'test' });
    await transition('paused');
    const path = `/api/v1/deployments/${deploymentId}/entitlements`;
    expect(await suite.admin.expect(200, 'GET', path)).toMatchObject({
      ...{ isGranted: false, code: 'DEPLOYMENT_PAUSED', reason: 'The deployment is paused', modules: [] },
    });
    expect(await connector(deploymentId)).toMatchObject({ outcome: 'deny', code: 'LICENSE.SUSPENDED' });
    expect(await quota(deploymentId, 'connectors.connectors')).toMatchObject({ isAllowed: false, remaining: '10' });
    await transition('active');
    // The next check reads the newer license, whatever was kept in memory.
    expect(await connector(deploymentId)).toMatchObject({ outcome: 'allow' });
  });
});

describe('entitlements and tenants', () => {
  it('F2: no token of one tenant asks, holds, reads or releases for another', async () => {
    const [mine, theirs] = [await made(), await made()];
    const { reservationId } = await connector(theirs.deploymentId);
    await ingestion(theirs.deploymentId, '50').then(({ reservationId: id }) => act(id!, 'confirm'));
    const { ticketId } = await ingestion(theirs.deploymentId, '1');
    const scopes = { tenant: [`tenant:${mine.tenantId}`], bound: ['entitlements:check', `tenant:${mine.tenantId}`] };
    const { fieldKey } = suite.core;
    const other = await runCore({
      databaseUrl: suite.postgres.url,
      regions: ['eu-1'],
      startAt: laterAt,
      clients: scopes,
      fieldKey,
    });
    try {
      const of = (id: string) => new ServiceClient(other.url, { clientId: id, clientSecret: id });
      const [tenant, bound] = [of('tenant'), of('bound')];
      patient(other);
      const asked = {
        deploymentId: theirs.deploymentId,
        action: 'connectors:create',
        meter: 'connectors',
        reserve: true,
      };
      const requests: [string, string, object?][] = [
        ['POST', '/api/v1/subscription/check', asked],
        ['GET', `/api/v1/subscription/reservations/${reservationId}`],
        ['POST', `/api/v1/subscription/reservations/${reservationId}/confirm`],
        ['POST', `/api/v1/subscription/reservations/${reservationId}/release`],
        ['GET', `/api/v1/subscription/tickets/${ticketId}`],
        ['DELETE', `/api/v1/subscription/tickets/${ticketId}`],
      ];
      for (const [method, path, body] of requests) {
        expect({ path, status: (await bound.send(method, path, body)).status }).toEqual({ path, status: 404 });
        expect({ path, status: (await tenant.send(method, path, body)).status }).toEqual({ path, status: 403 });
      }
      for (const path of [
        `/api/v1/subscription/tenants/${theirs.tenantId}/entitlements`,
        `/api/v1/subscription/tenants/${theirs.tenantId}/plan`,
        `/api/v1/deployments/${theirs.deploymentId}/entitlements`,
        `/api/v1/billing/quota?deployment=${theirs.deploymentId}`,
        `/api/v1/billing/quota?tenant=${theirs.tenantId}`,
        `/api/v1/billing/quota?tenant=${mine.tenantId}&deployment=${theirs.deploymentId}`,
      ]) {
        expect({ path, status: (await tenant.get(path)).status }).toEqual({ path, status: 404 });
        expect({ path, status: (await bound.get(path)).status }).toEqual({ path, status: 404 });
      }
      expect(
        await bound.post('/api/v1/subscription/check', { ...asked, deploymentId: mine.deploymentId }),
      ).toMatchObject({
        status: 200,
      });
      const own = (await tenant.get('/api/v1/billing/quota')).body as { data: { deploymentId: string }[] };
      expect(new Set(own.data.map(({ deploymentId }) => deploymentId))).toEqual(new Set([mine.deploymentId]));
    } finally {
      await other.close();
    }
    expect((await gate.get(`/api/v1/subscription/tickets/${ticketId}`)).body).toMatchObject({ state: 'waiting' });
    expect((await gate.get(`/api/v1/subscription/reservations/${reservationId}`)).body).toMatchObject({
      state: 'held',
    });
    expect((await gate.get('/api/v1/billing/quota')).body).toMatchObject({ code: 'ENTITLEMENT.QUOTA_UNSCOPED' });
  }, 30_000);
});

describe('when no answer can be had', () => {
  it('B1: a database that does not answer denies within 250 ms, and holds nothing', async () => {
    const { deploymentId } = await made();
    const proxy = await cutProxy(suite.postgres.url);
    const options = { databaseUrl: proxy.url, regions: ['eu-1'], startAt: laterAt, fieldKey: suite.core.fieldKey };
    const behind: RunningCore = await runCore({ ...options, clients });
    try {
      const cut = new ServiceClient(behind.url, { clientId: 'gate', clientSecret: 'gate' });
      const body = { deploymentId, action: 'connectors:create', meter: 'connectors', reserve: true };
      const ask = async () => (await cut.expect(200, 'POST', '/api/v1/subscription/check', body)) as Decision;
      patient(behind);
      expect(await ask()).toMatchObject({ outcome: 'allow' });
      patient(behind, ANSWER_MS);
      proxy.cut();
      const took: number[] = [];
      for (let count = 0; count < 5; count += 1) {
        const startedAt = performance.now();
        expect(await ask()).toMatchObject({ outcome: 'deny', isAllowed: false, code: 'ENTITLEMENT.UNAVAILABLE' });
        took.push(performance.now() - startedAt);
      }
      // The middle one, with what HTTP and a busy machine add: it is the deadline that answers, not a time-out of the pool.
      expect(took.sort((a, b) => a - b)[2]).toBeLessThan(1_000);
      proxy.mend();
      patient(behind);
      await waitFor('an answer after the cut', async () => (await ask()).outcome === 'allow');
    } finally {
      proxy.mend();
      await behind.close();
      await proxy.close();
    }
  }, 45_000);
});

describe('races of replicas', () => {
  it('C1: any number of processes that reserve get exactly what the limit has, and not one more', async () => {
    const { deploymentId } = await made();
    const processes = sizeOfRun({ soak: 8, ci: 2 });
    const input: AskerInput = {
      ...{ databaseUrl: suite.postgres.url, regions: ['eu-1'], startAt: laterAt, fieldKey: suite.core.fieldKey },
      ...{ deploymentId, attempts: sizeOfRun({ soak: 1_000, ci: 10 }), lanes: 4 },
    };
    const asker = new URL('../../testing/check-asker.main.ts', import.meta.url);
    const children = Array.from({ length: processes }, () => spawnSource(asker, input));
    const ends = await Promise.all(children.map(({ ended }) => ended));
    expect(ends.map(({ code, output }) => (code === 0 ? 0 : output))).toEqual(Array(processes).fill(0));
    const got = ends.map(({ output }) => Number(/got (\d+)/.exec(output)?.[1]));
    expect(got.reduce((sum, each) => sum + each, 0)).toBe(10);
    const held = `SELECT 1 FROM limit_reservation WHERE deployment_id = $1 AND state = 'held'`;
    expect(await suite.postgres.query(held, [deploymentId])).toHaveLength(10);
  }, 60_000);
});

describe('the passing of time', () => {
  it('ingestion at its threshold is queued and let in at the next period, in order; a reservation ends by itself', async () => {
    const { deploymentId } = await made();
    await ingested(deploymentId, '48', startAt);
    const queued = [await ingestion(deploymentId, '5'), await ingestion(deploymentId, '30')];
    expect(queued).toMatchObject([{ code: 'LIMIT.QUEUED' }, { code: 'LIMIT.QUEUED' }]);
    const { reservationId } = await connector(deploymentId, { quantity: '10' });

    // 14:00 UTC on 30 April is midnight in Brisbane.
    suite.core.setClock('2026-04-30T14:00:05.000Z');
    const tickets = await waitFor('the next period', async () => {
      const found = await Promise.all(queued.map(({ ticketId }) => ticketOf(ticketId!)));
      return found.every(({ state }) => state === 'admitted') && found;
    });
    expect(tickets!.every(({ admittedAt }) => admittedAt! >= '2026-04-30T14:00')).toBe(true);
    const events = await suite.events('subscription.ticket.admitted', deploymentId);
    expect(events.map(({ ticketId }) => ticketId)).toEqual(queued.map(({ ticketId }) => ticketId));
    await act(tickets![0]!.reservationId!, 'confirm');
    expect(await quota(deploymentId, 'ingestion.ingested_gb.month')).toMatchObject({ used: '35', remaining: '15' });

    const expired = await waitFor('the reservation to end', async () => {
      const { body } = await gate.get(`/api/v1/subscription/reservations/${reservationId}`);
      return (body as { state: string }).state === 'expired' && body;
    });
    expect(expired).toMatchObject({ quantity: '10' });
    expect(await act(reservationId!, 'confirm')).toMatchObject({ status: 410, body: { code: 'RESERVATION.EXPIRED' } });
    expect((await connector(deploymentId)).outcome).toBe('allow');
  }, 45_000);

  it('decisions are counted by outcome and code, and their time is measured', async () => {
    const metrics = (await suite.admin.get('/metrics')).body as string;
    for (const series of [
      /subscription_checks_total\{outcome="allow",plane="control"\} [1-9]/,
      /subscription_denials_total\{code="LIMIT.REACHED",plane="control"\} [1-9]/,
      /subscription_check_seconds_count\{plane="control"\} [1-9]/,
    ]) {
      expect(series.test(metrics) || String(series)).toBe(true);
    }
  });
});
