import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { LimitEvent } from '@biplane/contracts';
import { orThrow, parseHomeId, parseRegionCode } from '@biplane/kernel';
import { UnitOfWork } from '@biplane/service-kit';
import {
  checkInvariants,
  seedOfRun,
  ServiceClient,
  shuffleAndRepeat,
  testPostgres,
  type TestPostgres,
} from '@biplane/testing';
import { runCore, type RunningCore } from '../../testing/running-core.js';
import { prepareCatalog, tenantBody } from '../../testing/scenario.js';
import { LimitReports } from './limit-reports.js';

const startAt = '2026-04-10T12:00:00.000Z';
const homeId = randomUUID();
let postgres: TestPostgres;
let core: RunningCore;
let admin: ServiceClient;
let gate: ServiceClient;

interface Shown {
  readonly id: string;
  readonly rule: string;
  readonly severity: string;
  readonly at: string;
  readonly lastAt: string;
  readonly count: number;
  readonly used: string | null;
  readonly source: string;
  readonly resolvedAt: string | null;
}
interface Made {
  readonly tenantId: string;
  readonly deploymentId: string;
}

let acme: Made;
let globex: Made;
let acmeClient: ServiceClient;

beforeAll(async () => {
  postgres = await testPostgres('core');
  const clients: Record<string, string[]> = { gate: ['entitlements:check'] };
  core = await runCore({ databaseUrl: postgres.url, regions: ['eu-1'], startAt, clients });
  admin = new ServiceClient(core.url, { clientId: 'admin', clientSecret: 'admin' });
  await prepareCatalog(admin, { region: 'eu-1', homeId, key: core.key });
  [acme, globex] = [await make('acme'), await make('globex')];
  await core.close();
  // Once more over the same data, with a client of the tenant that exists now.
  clients['acme'] = [`tenant:${acme.tenantId}`];
  clients['acme-gate'] = ['entitlements:check', `tenant:${acme.tenantId}`];
  core = await runCore({ databaseUrl: postgres.url, regions: ['eu-1'], startAt, clients, fieldKey: core.fieldKey });
  const client = (id: string) => new ServiceClient(core.url, { clientId: id, clientSecret: id });
  [admin, gate, acmeClient] = [client('admin'), client('gate'), client('acme')];
});
afterAll(async () => {
  await core?.close();
  await checkInvariants(postgres.url);
  await postgres?.drop();
});

async function make(slug: string): Promise<Made> {
  const headers = { 'idempotency-key': randomUUID() };
  const created = await admin.expect(202, 'POST', '/api/v1/tenants', tenantBody(slug, 'eu-1'), headers);
  const { tenant, deployment } = created as { tenant: { id: string }; deployment: { id: string } };
  // What the homes tell of lies before this moment: it has been served for a while.
  await postgres.query(`UPDATE placement SET from_at = '2026-01-01' WHERE deployment_id = $1`, [deployment.id]);
  return { tenantId: tenant.id, deploymentId: deployment.id };
}

const list = async (query: string, client = admin) =>
  ((await client.expect(200, 'GET', `/api/v1/subscription/violations?${query}`)) as { data: Shown[] }).data;
const report = (body: object, client = gate) => client.post('/api/v1/subscription/enforcement/violation', body);

const minuteMs = 60_000;
const now = Date.parse(startAt);

function event(deploymentId: string, over: Partial<LimitEvent> = {}): LimitEvent {
  return {
    ...{ id: randomUUID(), deploymentId, module: 'financials', meter: 'api_calls', kind: 'denied', threshold: null },
    ...{ used: '100000', cap: '100000', licenseVersion: 1, count: 1 },
    firstAt: new Date(now - 2 * minuteMs).toISOString(),
    lastAt: new Date(now - minuteMs).toISOString(),
    ...over,
  };
}

function take(events: readonly LimitEvent[], from: { homeId?: string; region?: string } = {}) {
  const reports = core.app.get(LimitReports, { strict: false });
  const said = events.map((each) => ({
    event: each,
    key: each.deploymentId,
    region: orThrow(parseRegionCode(from.region ?? 'eu-1')),
    homeId: orThrow(parseHomeId(from.homeId ?? homeId)),
  }));
  return core.app.get(UnitOfWork, { strict: false }).run((tx) => reports.take(tx, said, new Date(now)));
}

describe('violations from the homes', () => {
  it('A3: limit events in any order, repeated and in older states, end in the same violations', async () => {
    const seed = seedOfRun();
    const histories = Array.from({ length: 12 }, (_, at) =>
      [1, 3, 6].map((count) => ({
        id: randomUUID(),
        kind: (['denied', 'warned', 'overage'] as const)[at % 3]!,
        threshold: at % 3 === 1 ? '0.8' : null,
        used: String(90_000 + at * 10 + count),
        count,
        firstAt: new Date(now - (60 - at) * minuteMs).toISOString(),
        lastAt: new Date(now - (60 - at) * minuteMs + count * 1_000).toISOString(),
      })),
    );
    const told: Shown[][] = [];
    for (const order of [1, 2]) {
      const made = await make(`shuffled-${order}`);
      const events = histories.flatMap((states) => {
        const id = randomUUID();
        return states.map((state) => event(made.deploymentId, { ...state, id }));
      });
      const hostile = shuffleAndRepeat(events, seed + order);
      for (let at = 0; at < hostile.length; at += 7) await take(hostile.slice(at, at + 7));
      told.push(await list(`deploymentId=${made.deploymentId}`));
    }
    const plain = (violations: Shown[]) =>
      violations
        .map(({ rule, severity, count, used, at, lastAt }) => ({ rule, severity, count, used, at, lastAt }))
        .sort((a, b) => (a.rule < b.rule ? -1 : 1));
    expect({ seed, violations: plain(told[0]!) }).toEqual({ seed, violations: plain(told[1]!) });
    expect(plain(told[0]!)).toMatchObject([
      { rule: 'limit_denied', severity: 'critical', count: 24, used: '90096' },
      { rule: 'limit_overage', severity: 'warning', count: 24 },
      { rule: 'limit_warned', severity: 'info', count: 24 },
    ]);
  });

  it('opens one violation, and its event, however many processes tell of it at once', async () => {
    const { tenantId, deploymentId } = await make('told-at-once');
    const events = Array.from({ length: 16 }, () => event(deploymentId));
    await Promise.all([...events, ...events].map((each) => take([each])));
    const [violation, ...others] = await list(`deploymentId=${deploymentId}`);
    expect(others).toEqual([]);
    expect(violation).toMatchObject({ rule: 'limit_denied', count: 16, source: 'data', severity: 'critical' });
    const told = await postgres.query<{ headers: Record<string, string>; value: string }>(
      `SELECT headers, value FROM outbox WHERE key = $1 AND headers->>'ce_type' = 'subscription.entitlement.exceeded'`,
      [tenantId],
    );
    expect(told.map(({ headers }) => headers['ce_id'])).toEqual([violation!.id]);
    expect(JSON.parse(told[0]!.value)).toMatchObject({ kind: 'denied', plane: 'data', violationId: violation!.id });
  });

  it('F1: a home that does not hold the deployment, or speaks on the topic of another region, opens nothing', async () => {
    const said = event(globex.deploymentId);
    expect(await take([said], { homeId: randomUUID() })).toEqual([{ event: said, reason: 'HOME_DOES_NOT_SERVE' }]);
    expect(await take([said], { region: 'us-1' })).toEqual([{ event: said, reason: 'REGION_MISMATCH' }]);
    expect(await list(`deploymentId=${globex.deploymentId}`)).toEqual([]);
  });

  it('is another violation in another billing period, cut in the zone of the tenant', async () => {
    const { deploymentId } = await make('two-months');
    // 31 March 14:00 UTC is midnight in Brisbane.
    for (const at of ['2026-03-31T13:59:59.000Z', '2026-03-31T14:00:00.000Z']) {
      await take([event(deploymentId, { firstAt: at, lastAt: at })]);
    }
    expect((await list(`deploymentId=${deploymentId}`)).map(({ count }) => count)).toEqual([1, 1]);
  });
});

describe('violations that are reported', () => {
  it('raise the count of the open one, and count once under their own id', async () => {
    const body = { deploymentId: acme.deploymentId, rule: 'fair_use', severity: 'info', detail: 'seen by a gateway' };
    expect(await report(body)).toMatchObject({
      status: 201,
      body: { rule: 'fair_use', severity: 'warning', count: 1, source: 'manual', module: null, at: expect.any(String) },
    });
    const id = randomUUID();
    for (let sent = 0; sent < 3; sent += 1) expect((await report({ ...body, id })).body).toMatchObject({ count: 2 });
    expect((await report({ ...body, severity: 'critical' })).body).toMatchObject({ count: 3, severity: 'critical' });
    expect(await admin.get('/api/v1/audit?action=violation.reported&limit=1')).toMatchObject({
      body: { data: [{ actor: 'gate', after: { rule: 'fair_use', count: 3 } }] },
    });
  });

  it.each([
    ['an unknown member', { extra: 1 }, 400],
    ['a rule that is no code', { rule: 'Fair use!' }, 400],
    ['a quantity that is no decimal', { used: '-1' }, 400],
    ['a day that does not exist', { at: '2026-02-30T00:00:00Z' }, 422],
    ['an instant to come', { at: '2026-04-11T00:00:00Z' }, 422],
    ['an instant long past', { at: '2025-04-11T00:00:00Z' }, 422],
    ['a deployment that does not exist', { deploymentId: randomUUID() }, 404],
  ])('refuses %s, and stores nothing', async (_, over, status) => {
    const body = { deploymentId: acme.deploymentId, rule: `refused_${randomUUID().slice(0, 6)}`, ...over };
    expect((await report(body)).status).toBe(status);
    expect(await list(`rule=${body.rule.startsWith('refused') ? body.rule : 'none'}`)).toEqual([]);
  });

  it('a filter by a day that does not exist is refused, and not moved to another one', async () => {
    for (const bound of ['from', 'to']) {
      const answer = await admin.get(`/api/v1/subscription/violations?${bound}=2026-02-30T00:00:00Z`);
      expect(answer).toMatchObject({ status: 400, body: { errors: [{ pointer: `/${bound}`, code: 'IS_INSTANT' }] } });
    }
  });

  it('are resolved once, with who and why; what is told later of that time opens no other', async () => {
    const { deploymentId } = await make('resolved');
    await take([event(deploymentId)]);
    const [open] = await list(`deploymentId=${deploymentId}&open=true`);
    const resolve = (reason: string) => admin.post(`/api/v1/subscription/violations/${open!.id}/resolve`, { reason });
    const [first, second] = [await resolve('upgraded'), await resolve('once more')];
    expect(first).toMatchObject({ status: 200, body: { resolvedBy: 'admin', resolvedReason: 'upgraded' } });
    expect(second).toEqual({ ...first, headers: second.headers });
    const audited = (await admin.get(`/api/v1/audit?action=violation.resolved&objectId=${open!.id}`)).body;
    expect((audited as { data: unknown[] }).data).toHaveLength(1);

    await take([event(deploymentId, { count: 4 })]);
    expect(await list(`deploymentId=${deploymentId}`)).toMatchObject([{ id: open!.id, count: 5 }]);
    expect(await list(`deploymentId=${deploymentId}&open=true`)).toEqual([]);
    // What happens afterwards is a new one.
    const later = new Date(Date.parse((first.body as Shown).resolvedAt!) + 1_000).toISOString();
    await take([event(deploymentId, { firstAt: later, lastAt: later })]);
    expect(await list(`deploymentId=${deploymentId}&open=true`)).toMatchObject([{ count: 1 }]);
  });
});

describe('violations and tenants', () => {
  it('F2: another tenant’s violation is not found, listed, reported or resolved', async () => {
    await report({ deploymentId: globex.deploymentId, rule: 'fair_use' });
    await report({ deploymentId: acme.deploymentId, rule: 'fair_use' });
    const [theirs] = await list(`tenantId=${globex.tenantId}`);
    expect((await acmeClient.get(`/api/v1/subscription/violations/${theirs!.id}`)).status).toBe(404);
    expect(await list(`tenantId=${globex.tenantId}`, acmeClient)).toEqual([]);
    expect(await list(`deploymentId=${globex.deploymentId}`, acmeClient)).toEqual([]);
    const own = await list('', acmeClient);
    expect(own.length).toBeGreaterThan(0);
    expect(own.every((violation) => (violation as unknown as Made).tenantId === acme.tenantId)).toBe(true);
    expect((await acmeClient.get(`/api/v1/subscription/violations/${own[0]!.id}`)).status).toBe(200);
    const path = `/api/v1/subscription/violations/${theirs!.id}/resolve`;
    expect((await acmeClient.post(path, { reason: 'mine' })).status).toBe(403);
    const bound = new ServiceClient(core.url, { clientId: 'acme-gate', clientSecret: 'acme-gate' });
    expect((await report({ deploymentId: globex.deploymentId, rule: 'fair_use' }, bound)).status).toBe(404);
    expect((await report({ deploymentId: acme.deploymentId, rule: 'fair_use' }, bound)).status).toBe(201);
  });

  it('are counted by severity, and the time to their detection is measured', async () => {
    const metrics = (await admin.get('/metrics')).body as string;
    expect(metrics).toMatch(/subscription_violations_total\{severity="warning"\} [1-9]/);
    expect(metrics).toMatch(/violation_detection_seconds_count\{source="data"\} [1-9]/);
  });
});
