import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { checkInvariants, ServiceClient, waitFor, type TestPostgres } from '@biplane/testing';
import { coreSuite, type CoreSuite } from '../../testing/core-suite.js';
import type { RunningCore } from '../../testing/running-core.js';
import { studio, tenantBody } from '../../testing/scenario.js';
import { ControlUsage } from './control-usage.service.js';

const route = '/api/v1/subscription/usage';
let suite: CoreSuite;
let postgres: TestPostgres;
let core: RunningCore;
let admin: ServiceClient;
let submitter: ServiceClient;

beforeAll(async () => {
  const clients = { submitter: ['usage:submit'], reader: ['platform:read'] };
  suite = await coreSuite({ startAt: '2026-04-01T00:10:00.000Z', clients });
  ({ postgres, core, admin } = suite);
  submitter = new ServiceClient(core.url, { clientId: 'submitter', clientSecret: 'submitter' });
  for (const [meter, aggregation] of [
    ['ingested_gb', 'sum'],
    ['busy_workers', 'peak'],
    ['held_gb', 'last'],
  ]) {
    const body = { meter, name: `Name of ${meter}`, unit: 'unit', aggregation, authority: 'control' };
    await admin.expect(201, 'POST', '/api/v1/catalog/meters', body);
  }
  const price = { kind: 'per_unit', unitPrice: '1' };
  const version = {
    ...studio.version,
    modules: [
      {
        module: 'ingest',
        features: ['write'],
        dailyPrice: null,
        limits: [{ meter: 'ingested_gb', cap: '50', window: 'month', strategy: 'soft_warning', warnAt: ['0.8', '1'] }],
      },
    ],
    meters: ['ingested_gb', 'busy_workers', 'held_gb', 'droplet_hours'].map((meter) => ({
      meter,
      included: '0',
      price,
    })),
  };
  await admin.expect(201, 'POST', '/api/v1/subscription/plans', { ...studio, code: 'ingest', version });
  await admin.expect(200, 'POST', '/api/v1/subscription/plans/ingest/versions/1/publish');
});
afterAll(() => suite?.close());

interface Answer {
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: number;
  readonly results: readonly { readonly status: string; readonly code?: string }[];
}

async function tenant(slug: string) {
  const wanted = { ...tenantBody(slug, 'eu-1'), plan: { code: 'ingest' }, addons: [] };
  const created = await admin.expect(202, 'POST', '/api/v1/tenants', wanted, { 'idempotency-key': slug });
  const { tenant: own, deployment } = created as { tenant: { id: string }; deployment: { id: string } };
  return { tenantId: own.id, deploymentId: deployment.id };
}

function event(deploymentId: string, meter: string, quantity: string, over: object = {}) {
  return {
    specversion: '1.0',
    id: randomUUID(),
    source: '/jobs',
    type: 'dev.biplane.usage',
    time: '2026-04-01T00:05:00Z',
    subject: deploymentId,
    data: { meter, quantity },
    ...over,
  };
}

const submit = async (body: unknown, client = submitter): Promise<Answer> =>
  (await client.expect(202, 'POST', route, body)) as Answer;
const codes = ({ results }: Answer) => results.map(({ status, code }) => code ?? status);
const windows = (deploymentId: string) =>
  postgres.query<{ meter: string; q: string; revision: string; closed: boolean }>(
    `SELECT meter, trim_scale(quantity)::text AS q, revision::text AS revision, closed FROM usage_window
      WHERE deployment_id = $1 ORDER BY meter`,
    [deploymentId],
  );

describe('usage that core-api counts itself', () => {
  it('is counted once, event by event: a repeat is a duplicate, other content under an id is refused', async () => {
    const { deploymentId } = await tenant('once');
    const first = event(deploymentId, 'ingested_gb', '1.5');
    expect(await submit(first)).toMatchObject({ accepted: 1, duplicates: 0, rejected: 0 });
    const reused = { ...first, data: { meter: 'ingested_gb', quantity: '2' } };
    const batch = await submit([first, reused, event(deploymentId, 'ingested_gb', '0.25')]);
    expect(codes(batch)).toEqual(['duplicate', 'USAGE.ID_REUSED', 'accepted']);
    expect(await windows(deploymentId)).toEqual([{ meter: 'ingested_gb', q: '1.75', revision: '2', closed: false }]);
  });

  it('the same events sent by eight clients at the same instant are stored once', async () => {
    const { deploymentId } = await tenant('raced');
    const events = Array.from({ length: 50 }, () => event(deploymentId, 'ingested_gb', '1'));
    const answers = await Promise.all(Array.from({ length: 8 }, () => submit(events)));
    const tally = answers.reduce((sum, { accepted, duplicates }) => [sum[0]! + accepted, sum[1]! + duplicates], [0, 0]);
    expect(tally).toEqual([50, 350]);
    expect((await windows(deploymentId)).map(({ q }) => q)).toEqual(['50']);
  });

  it('a meter of the homes, an unknown one, a far date and a bad quantity are refused each; the rest counts', async () => {
    const { deploymentId } = await tenant('mixed');
    const answer = await submit([
      event(deploymentId, 'droplet_hours', '1'),
      event(deploymentId, 'nobody_knows', '1'),
      event(deploymentId, 'ingested_gb', '1', { time: '2026-04-02T00:00:00Z' }),
      event(deploymentId, 'ingested_gb', '1', { time: '2026-01-01T00:00:00Z' }),
      event(deploymentId, 'ingested_gb', '-1'),
      event(randomUUID(), 'ingested_gb', '1'),
      event(deploymentId, 'ingested_gb', '3'),
    ]);
    const [wrongPlane, unknown, ahead, old, negative, stranger, good] = codes(answer);
    expect([wrongPlane, unknown, ahead, old, stranger, good]).toEqual([
      'METER.WRONG_PLANE',
      'METER.UNKNOWN',
      'USAGE.IN_FUTURE',
      'USAGE.TOO_OLD',
      'USAGE.DEPLOYMENT_UNKNOWN',
      'accepted',
    ]);
    expect(negative).toMatch(/^USAGE\./);
    expect((await windows(deploymentId)).map(({ q }) => q)).toEqual(['3']);
  });

  it('C15: a gauge sent twice and out of order is the reading of the latest instant, a peak the greatest', async () => {
    const { deploymentId } = await tenant('gauges');
    const late = event(deploymentId, 'held_gb', '7', { time: '2026-04-01T00:06:00Z' });
    await submit([late, event(deploymentId, 'busy_workers', '9')]);
    await submit([late, event(deploymentId, 'held_gb', '5', { time: '2026-04-01T00:04:00Z' })]);
    await submit([event(deploymentId, 'busy_workers', '4')]);
    expect((await windows(deploymentId)).map(({ meter, q }) => [meter, q])).toEqual([
      ['busy_workers', '9'],
      ['held_gb', '7'],
    ]);
  });

  it('stands against the limits at once, in the transaction that stores it', async () => {
    const { deploymentId } = await tenant('limited');
    await submit(event(deploymentId, 'ingested_gb', '30'));
    await submit([event(deploymentId, 'ingested_gb', '12.5'), event(deploymentId, 'busy_workers', '1')]);
    const counters = await postgres.query(
      `SELECT meter, trim_scale(used)::text AS used FROM limit_counter WHERE deployment_id = $1`,
      [deploymentId],
    );
    expect(counters).toEqual([{ meter: 'ingested_gb', used: '42.5' }]);
  });

  it('what was stored while a limit was gone stands against it at once when it is back', async () => {
    const { deploymentId } = await tenant('back');
    const change = (enabled: boolean) =>
      admin.expect(200, 'PUT', `/api/v1/deployments/${deploymentId}/modules/ingest`, { enabled });
    await submit(event(deploymentId, 'ingested_gb', '10'));
    await change(false);
    await submit(event(deploymentId, 'ingested_gb', '5'));
    await change(true);
    await waitFor('the recount', async () => {
      const [counter] = await postgres.query<{ used: string }>(
        'SELECT trim_scale(used)::text AS used FROM limit_counter WHERE deployment_id = $1',
        [deploymentId],
      );
      return counter?.used === '15';
    });
    const rounds = await postgres.query('SELECT round FROM limit_recount WHERE deployment_id = $1', [deploymentId]);
    expect(rounds).toEqual([{ round: 2 }]);
  });

  it('is taken from clients of the region and the tenant alone', async () => {
    const [own, other] = [await tenant('own'), await tenant('other')];
    const events = [event(own.deploymentId, 'ingested_gb', '1'), event(other.deploymentId, 'ingested_gb', '1')];
    const bound = core.app.get(ControlUsage);
    const principal = { clientId: 'x', scopes: ['usage:submit'], regions: null };
    const ofTenant = await bound.accept(events, { ...principal, tenantId: own.tenantId });
    expect(codes(ofTenant)).toEqual(['accepted', 'USAGE.DEPLOYMENT_UNKNOWN']);
    expect(codes(await bound.accept(events, { ...principal, regions: ['us-1'] }))).toEqual([
      'USAGE.DEPLOYMENT_UNKNOWN',
      'USAGE.DEPLOYMENT_UNKNOWN',
    ]);
    expect(codes(await bound.accept(events, { ...principal, regions: ['eu-1'] }))).toEqual(['duplicate', 'accepted']);
    const reader = new ServiceClient(core.url, { clientId: 'reader', clientSecret: 'reader' });
    expect(await reader.post(route, events)).toMatchObject({ status: 403 });
    expect(await submitter.post(route, { nonsense: true })).toMatchObject({ status: 202, body: { rejected: 1 } });
    expect(await submitter.post(route, 'nonsense')).toMatchObject({ status: 400 });
  });

  it('is told to the outside when its hour closes and at each later revision, and is on the bill', async () => {
    const { tenantId, deploymentId } = await tenant('closed');
    await submit([event(deploymentId, 'ingested_gb', '2'), event(deploymentId, 'held_gb', '3')]);
    core.setClock('2026-04-01T01:06:00.000Z');
    await waitFor('the close', async () => (await windows(deploymentId)).every(({ closed }) => closed));
    await submit(event(deploymentId, 'ingested_gb', '0.5'));
    const history = await postgres.query(
      `SELECT meter, revision::text AS revision, trim_scale(quantity)::text AS q FROM tenant_usage_metric WHERE deployment_id = $1 ORDER BY 1, 2`,
      [deploymentId],
    );
    expect(history).toEqual([
      { meter: 'held_gb', revision: '1', q: '3' },
      { meter: 'ingested_gb', revision: '1', q: '2' },
      { meter: 'ingested_gb', revision: '2', q: '2.5' },
    ]);
    const told = await postgres.query<{ quantity: string }>(
      `SELECT value::jsonb->'quantity' AS quantity FROM outbox WHERE key = $1 AND headers->>'ce_type' = 'subscription.usage.recorded' ORDER BY id`,
      [tenantId],
    );
    expect(told.map(({ quantity }) => quantity).sort()).toEqual(['2', '2.5', '3']);
    const bill = (await admin.expect(200, 'GET', `/api/v1/billing/tenants/${tenantId}/monthly?period=2026-04`)) as {
      lines: { kind: string; resourceKind: string; amount: { amount: string } }[];
    };
    const overage = bill.lines.filter(({ kind }) => kind === 'overage');
    expect(overage.map(({ resourceKind, amount }) => [resourceKind, amount.amount])).toEqual([
      ['ingested_gb', '2.50'],
      ['held_gb', '3.00'],
    ]);
    const metrics = await (await fetch(`${core.url}/metrics`)).text();
    expect(metrics).toMatch(/usage_writes_total\{result="accepted"\} [1-9]/);
    expect(metrics).toMatch(/subscription_usage_bytes_total [1-9]/);
    await checkInvariants(postgres.url);
  });

  it('C6: totals and counters that drifted are recounted from the log, by signed and audited adjustments', async () => {
    core.setClock('2026-04-01T01:06:00.000Z');
    await waitFor('the clock', async () => {
      const version = (await admin.expect(200, 'GET', '/version')) as { now: string };
      return version.now >= '2026-04-01T01:06';
    });
    const { tenantId, deploymentId } = await tenant('drifted');
    const now = { time: '2026-04-01T01:07:00Z' };
    await submit([event(deploymentId, 'ingested_gb', '10', now), event(deploymentId, 'busy_workers', '4', now)]);
    await submit(event(deploymentId, 'ingested_gb', '0.5', now));
    await postgres.query(
      `UPDATE usage_window SET quantity = quantity + 3, revision = revision + 1 WHERE deployment_id = $1`,
      [deploymentId],
    );
    await postgres.query(`UPDATE limit_counter SET used = used - 7 WHERE deployment_id = $1`, [deploymentId]);
    const reconcile = () => admin.expect(200, 'POST', '/api/v1/admin/usage/reconcile');
    const report = (await reconcile()) as Record<string, { deploymentId: string }[]>;
    const own = (list: { deploymentId: string }[] | undefined) =>
      list?.filter((row) => row.deploymentId === deploymentId);
    expect(own(report['windowsAdjusted'])).toMatchObject([
      { meter: 'busy_workers', before: '7', after: '4' },
      { meter: 'ingested_gb', before: '13.5', after: '10.5' },
    ]);
    expect(own(report['countersAdjusted'])).toMatchObject([
      { meter: 'ingested_gb', window: 'month', before: '3.5', after: '10.5', difference: '7' },
    ]);
    expect((await windows(deploymentId)).map(({ q }) => q)).toEqual(['4', '10.5']);
    const audited = await postgres.query<{ action: string }>(
      `SELECT action FROM audit_entry WHERE tenant_id = $1 AND action IN ('usage.adjusted', 'limit_counter.adjusted') ORDER BY 1`,
      [tenantId],
    );
    expect(audited.map(({ action }) => action)).toEqual(['limit_counter.adjusted', 'usage.adjusted', 'usage.adjusted']);
    const signed = await postgres.query(
      `SELECT trim_scale(difference)::text AS difference, actor FROM usage_adjustment WHERE deployment_id = $1`,
      [deploymentId],
    );
    expect(signed).toEqual([
      { difference: '-3', actor: 'admin' },
      { difference: '-3', actor: 'admin' },
    ]);
    expect(await reconcile()).toMatchObject({ windowsAdjusted: [], countersAdjusted: [], windowsWithoutHistory: 0 });
    await checkInvariants(postgres.url);
  });
});
