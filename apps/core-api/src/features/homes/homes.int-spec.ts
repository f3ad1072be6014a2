import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash, randomUUID } from 'node:crypto';
import { hourOf } from '@biplane/billing-calendar';
import type { Clock } from '@biplane/kernel';
import { CLOCK, FieldCipher, parseFieldKeys, UnitOfWork } from '@biplane/service-kit';
import { checkInvariants, ServiceClient, testPostgres, waitFor, type TestPostgres } from '@biplane/testing';
import { runCore, type RunningCore } from '../../testing/running-core.js';
import { prepareCatalog, tenantBody } from '../../testing/scenario.js';
import { BilledUsage, UsageService } from '../usage/index.js';
import { DedicatedHomes } from './dedicated-homes.service.js';
import type { SeenCondition } from './domain/home.js';
import { HomeObjectsStore } from './home-objects.store.js';
import { HomeStopsStore } from './home-stops.store.js';
import { HomesStore } from './homes.store.js';
import { ObservationsStore } from './observations.store.js';
import { ReconcileQueue, type ReconcileClaim } from './reconcile-queue.store.js';
import { SuspendedHomes } from './suspended-homes.js';
import { tokenPlace } from './token-place.js';
import { WantedHomes, type Look } from './wanted-homes.service.js';

interface Created {
  deployment: { id: string; homeId: string };
  operation: { id: string };
}
interface Step {
  name: string;
  state: string;
  reason: string | null;
}

const startAt = '2026-03-31T10:00:00.000Z';
const regions = ['eu-1'];
const applied: SeenCondition = { type: 'Applied', status: true, reason: 'APPLIED', message: null };
const available: SeenCondition = { type: 'Available', status: true, reason: 'AVAILABLE', message: null };
const settled: Look = {
  applied: { generation: 2, settings: 'a'.repeat(64) },
  conditions: [applied, available],
  objects: null,
  annotations: { modules: ['financials'], suspendedAt: null, flaw: null },
  isGone: false,
  isFailure: false,
  nextAt: null,
};
let postgres: TestPostgres;
let core: RunningCore;
let admin: ServiceClient;
let cipher: FieldCipher;
let homes: DedicatedHomes;
let wanted: WantedHomes;
let unitOfWork: UnitOfWork;
let clock: Clock;

beforeAll(async () => {
  postgres = await testPostgres('core');
  core = await runCore({
    databaseUrl: postgres.url,
    regions,
    startAt,
    clients: { tenant: [`tenant:${randomUUID()}`] },
  });
  admin = new ServiceClient(core.url, { clientId: 'admin', clientSecret: 'admin' });
  await prepareCatalog(admin, { region: 'eu-1', homeId: randomUUID(), key: core.key });
  cipher = new FieldCipher(parseFieldKeys(JSON.stringify({ current: 1, keys: { 1: core.fieldKey } })));
  homes = core.app.get(DedicatedHomes, { strict: false });
  unitOfWork = core.app.get(UnitOfWork, { strict: false });
  clock = core.app.get(CLOCK, { strict: false });
  const stores = [
    new HomesStore(),
    new ReconcileQueue(),
    new ObservationsStore(),
    new HomeStopsStore(),
    new HomeObjectsStore(),
  ] as const;
  wanted = new WantedHomes(unitOfWork, ...stores, cipher);
});
afterAll(async () => {
  await core?.close();
  await checkInvariants(postgres.url);
  await postgres?.drop();
});

async function dedicated(slug: string): Promise<Created> {
  const body = { ...tenantBody(slug, 'eu-1'), requirements: { dedicated: true } };
  const answer = await admin.post('/api/v1/tenants', body, { 'idempotency-key': randomUUID() });
  expect(answer).toMatchObject({ status: 202 });
  return answer.body as Created;
}
const claimAll = (holder = randomUUID()) => wanted.claim(clock.now(), { regions, take: 100, leaseMs: 30_000, holder });
async function claimOf(homeId: string): Promise<ReconcileClaim> {
  return waitFor(`a request for ${homeId}`, async () => (await claimAll()).find((claim) => claim.homeId === homeId));
}
const nothing = () => Promise.resolve();
const licenseOf = async (id: string) =>
  (await admin.expect(200, 'GET', `/api/v1/licenses/${id}`)) as {
    document: { enrollment?: { homeId: string; tokenHash: string } };
  };
const stepOf = async (operation: { id: string }) => {
  const { steps, state } = (await admin.expect(200, 'GET', `/api/v1/operations/${operation.id}`)) as {
    steps: Step[];
    state: string;
  };
  return { operation: state, ...steps.find(({ name }) => name === 'cluster_applied')! };
};
const suspend = (id: string, to: string) =>
  admin.expect(200, 'POST', `/api/v1/deployments/${id}/transition`, { to, reason: 'test' });
const moveClock = (instant: string) => {
  core.setClock(instant);
  return waitFor('the clock', () => Promise.resolve(clock.now() >= new Date(instant)));
};

describe('a home of its own', () => {
  it('is made with its deployment in one transaction, with a token that only its hash shows, and is to be looked at', async () => {
    const { deployment } = await dedicated('own');
    const [row] = await postgres.query<{ token_encrypted: string; token_hash: string; modules: string[] }>(
      'SELECT * FROM dedicated_home WHERE deployment_id = $1',
      [deployment.id],
    );
    const token = cipher.decrypt(tokenPlace(deployment.homeId), row!.token_encrypted);
    expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(row).toMatchObject({ desired: 'running', epoch: 1, tenant_slug: 'own', url: 'https://own.eu-1.example' });
    expect(row!.modules.length).toBeGreaterThan(0);
    const { document } = await licenseOf(deployment.id);
    const tokenHash = createHash('sha256').update(token).digest('hex');
    expect(document.enrollment).toEqual({ homeId: deployment.homeId, tokenHash });
    expect(await claimOf(deployment.homeId)).toMatchObject({ attempts: 1 });
    expect(await wanted.enrollmentToken(deployment.homeId)).toBe(token);
    const tables = ['dedicated_home', 'license', 'outbox', 'audit_entry', 'idempotency_key', 'operation_step'];
    for (const table of tables)
      expect(JSON.stringify(await postgres.query(`SELECT * FROM ${table}`))).not.toContain(token);
  });

  it("E25: what the cluster returned ends the step, or fails it at its deadline with the cluster's cause, and a retry asks again", async () => {
    const { deployment, operation } = await dedicated('stuck');
    const image = { ...available, status: false, reason: 'IMAGE_PULL', message: 'no such image' };
    const waiting = { ...settled, conditions: [applied, image], nextAt: clock.now() };
    expect(await wanted.record(await claimOf(deployment.homeId), waiting, clock.now(), nothing)).toBe(true);
    await waitFor('the reason', async () => (await stepOf(operation)).reason === 'IMAGE_PULL');
    const page = (await admin.expect(200, 'GET', `/api/v1/deployments/${deployment.id}`)) as { conditions: object[] };
    expect(page.conditions).toContainEqual(expect.objectContaining({ type: 'Available', reason: 'IMAGE_PULL' }));

    await moveClock('2026-03-31T10:16:00.000Z');
    await waitFor('the failure', async () => (await stepOf(operation)).state === 'failed');
    expect(await stepOf(operation)).toMatchObject({ reason: 'cluster_applied: IMAGE_PULL' });
    expect(
      await wanted.record(await claimOf(deployment.homeId), { ...waiting, nextAt: null }, clock.now(), nothing),
    ).toBe(true);
    await admin.expect(200, 'POST', `/api/v1/operations/${operation.id}/retry`);
    const claim = await claimOf(deployment.homeId);
    expect(claim.cause).toBe('retry');
    await wanted.record(claim, settled, clock.now(), nothing);
    await waitFor('the step', async () => (await stepOf(operation)).state === 'succeeded');
  });

  it('two reconcilers take other homes, and one that lost its lease writes nothing', async () => {
    const made = await Promise.all(['r1', 'r2', 'r3'].map(dedicated));
    const [first, second] = await Promise.all([claimAll(), claimAll()]);
    const taken = [...first, ...second].map(({ homeId }) => homeId);
    expect(new Set(taken).size).toBe(taken.length);
    const lost = [...first, ...second].find(({ homeId }) => homeId === made[0]!.deployment.homeId)!;
    await moveClock(new Date(clock.now().getTime() + 31_000).toISOString());
    const again = (await claimAll()).find(({ homeId }) => homeId === lost.homeId)!;
    expect(await wanted.record(lost, settled, clock.now(), () => Promise.reject(new Error('written')))).toBe(false);
    expect((await wanted.find(lost.homeId))!.conditions).toMatchObject([{ status: false }, { status: false }]);
    expect(await wanted.renew(lost, new Date(clock.now().getTime() + 60_000))).toBe(false);
    expect(await wanted.record(again, settled, clock.now(), nothing)).toBe(true);
    expect((await wanted.find(lost.homeId))!.conditions).toMatchObject([{ status: true }, { status: true }]);
  });

  it('what is asked for during a look is looked at once more, and a look that changed nothing writes nothing', async () => {
    const { homeId } = (await dedicated('again')).deployment;
    const claim = await claimOf(homeId);
    await wanted.wake([homeId], 'hint', clock.now());
    await wanted.record(claim, settled, clock.now(), nothing);
    const observed = () => postgres.query('SELECT 1 FROM home_observation WHERE home_id = $1', [homeId]);
    const versions = () => postgres.query('SELECT ctid::text FROM dedicated_home WHERE home_id = $1', [homeId]);
    const before = [await observed(), await versions()];
    await wanted.record(await claimOf(homeId), settled, clock.now(), nothing);
    expect([await observed(), await versions()]).toEqual(before);
    expect(await postgres.query('SELECT 1 FROM reconcile_request WHERE home_id = $1', [homeId])).toEqual([]);
  });

  it('a look that failed waits its back-off out, whatever hints come during it, unless something is wanted anew', async () => {
    const { homeId } = (await dedicated('failed')).deployment;
    const nextAt = new Date(clock.now().getTime() + 60_000);
    const failed: Look = { ...settled, applied: null, conditions: [], isFailure: true, nextAt };
    const dueAt = async () => {
      const sql = 'SELECT due_at FROM reconcile_request WHERE home_id = $1';
      return (await postgres.query<{ due_at: Date }>(sql, [homeId]))[0]!.due_at;
    };
    const claim = await claimOf(homeId);
    await wanted.wake([homeId], 'hint', clock.now());
    await wanted.record(claim, failed, clock.now(), nothing);
    expect(await dueAt()).toEqual(nextAt);
    await moveClock(nextAt.toISOString());
    const again = await claimOf(homeId);
    expect(again.attempts).toBe(2);
    await unitOfWork.run((tx) => new ReconcileQueue().enqueue(tx, homeId, 'eu-1', 'wanted anew', clock.now()));
    await wanted.record(again, { ...failed, nextAt: new Date(nextAt.getTime() + 60_000) }, clock.now(), nothing);
    expect((await dueAt()).getTime()).toBeLessThanOrEqual(clock.now().getTime());
  });

  it('tells what the annotations of its namespace said, and since when they do', async () => {
    const { homeId } = (await dedicated('annotated')).deployment;
    const told = async () => (await wanted.find(homeId))!.annotations;
    expect(await told()).toBeNull();
    const look = async (annotations: Look['annotations'], holds = true) => {
      await unitOfWork.run((tx) => homes.enqueue(tx, homeId, 'test'));
      const claim = await claimOf(homeId);
      const now = clock.now();
      const lost = { ...claim, holder: randomUUID() };
      expect(await wanted.record(holds ? claim : lost, { ...settled, annotations }, now, nothing)).toBe(holds);
      return now;
    };
    const { annotations } = settled;
    const first = await look(annotations);
    expect(await told()).toEqual({ ...annotations, since: first });
    for (const same of [annotations, null]) await look(same);
    expect(await told()).toEqual({ ...annotations, since: first });
    const suspended = { modules: [], suspendedAt: new Date('2026-03-31T09:00:00.000Z'), flaw: 'by hand' };
    const second = await look(suspended);
    expect(await told()).toEqual({ ...suspended, since: second });
    await look(annotations, false);
    expect(await told()).toEqual({ ...suspended, since: second });
  });

  it('says since when it is suspended, and runs again once it is not', async () => {
    const { deployment } = await dedicated('paused');
    const stored = async () => (await wanted.find(deployment.homeId))!;
    await suspend(deployment.id, 'suspended');
    expect((await stored()).suspendedAt).not.toBeNull();
    await unitOfWork.run((tx) => homes.desire(tx, deployment.homeId, 'stopped'));
    await wanted.record(
      await claimOf(deployment.homeId),
      { ...settled, conditions: [applied, stopped] },
      clock.now(),
      nothing,
    );
    await suspend(deployment.id, 'active');
    expect(await stored()).toMatchObject({ suspendedAt: null, desired: 'running' });
    await wanted.record(
      await claimOf(deployment.homeId),
      { ...settled, applied: { generation: 9, settings: 'a'.repeat(64) } },
      clock.now(),
      nothing,
    );
    const stops = await postgres.query('SELECT * FROM home_stop WHERE home_id = $1', [deployment.homeId]);
    expect(stops).toMatchObject([{ from_at: expect.any(Date), to_at: expect.any(Date) }]);
  });

  it('is stopped once the hour in which it was suspended is closed, unless its flag keeps it, and no bill awaits the hours it slept', async () => {
    const [stops, kept] = [await dedicated('sleeper'), await dedicated('keeper')];
    const flag = { enabled: true, reason: 'test' };
    await admin.expect(
      200,
      'PUT',
      `/api/v1/deployments/${kept.deployment.id}/flags/keep_running_while_suspended`,
      flag,
    );
    for (const { deployment } of [stops, kept]) await suspend(deployment.id, 'suspended');
    const desired = async ({ deployment }: Created) => (await wanted.find(deployment.homeId))!.desired;
    const suspendedAt = (await wanted.find(stops.deployment.homeId))!.suspendedAt!;
    const hour = hourOf(suspendedAt).from.getTime();
    const job = core.app.get(SuspendedHomes, { strict: false });
    await moveClock(new Date(hour + 3_700_000).toISOString());
    await job.stop(clock.now());
    expect(await desired(stops)).toBe('running');
    await postgres.query(
      `INSERT INTO home_close (home_id, incarnation, hour, region, revision, windows, digest, complete, received_at)
       SELECT id, 1, $2, 'eu-1', 1, 0, '', true, $2 FROM unnest($1::uuid[]) AS id`,
      [[stops.deployment.homeId, kept.deployment.homeId], new Date(hour)],
    );
    await job.stop(clock.now());
    expect([await desired(stops), await desired(kept)]).toEqual(['stopped', 'running']);
    const look = { ...settled, conditions: [applied, stopped] };
    await wanted.record(await claimOf(stops.deployment.homeId), look, clock.now(), nothing);
    const day = { from: new Date(hour), to: new Date(hour + 86_400_000) };
    const stopsOf = await homes.stopsDuring(unitOfWork.reader, [stops.deployment.homeId], day);
    const [stop, ...others] = stopsOf(stops.deployment.homeId);
    expect([hourOf(stop!.from).from.getTime() - hour, stop!.to, others]).toEqual([3_600_000, null, []]);
  });

  it('the hour in which a home fell asleep is waited for until its last process has closed it, and those it slept by nobody', async () => {
    const { id, homeId } = (await dedicated('drowsy')).deployment;
    const at = (time: string) => new Date(`2026-04-10T${time}:00Z`);
    const period = { from: at('10:00'), to: at('15:00') };
    const placements = [{ homeId, from: period.from, to: null }];
    const waitedFor = async (): Promise<number[]> => {
      const { reader } = unitOfWork;
      const { missing } = await core.app
        .get(UsageService, { strict: false })
        .completeness(reader, placements, period, [id]);
      const wanted = [{ period, deploymentIds: [id], placements }];
      expect(await core.app.get(BilledUsage, { strict: false }).missing(reader, wanted)).toEqual([missing]);
      return missing.map(({ hour }) => hour.getUTCHours());
    };
    const close = (hour: string, closedAt: string) =>
      postgres.query(
        `INSERT INTO home_close (home_id, incarnation, hour, region, revision, windows, digest, complete, closed_at, received_at)
         VALUES ($1, 1, $2, 'eu-1', 1, 0, '', true, $3, $3)`,
        [homeId, at(hour), at(closedAt)],
      );
    await postgres.query('INSERT INTO home_stop (home_id, from_at, to_at) VALUES ($1, $2, $3)', [
      ...[homeId, at('11:07'), at('13:30')],
    ]);
    await close('10:00', '11:05');
    expect(await waitedFor()).toEqual([11, 13, 14]);
    await close('11:00', '11:06');
    // It woke in this hour, and was told to go again; then it went on.
    await close('13:00', '13:40');
    expect(await waitedFor()).toEqual([13, 14]);
  });

  it('shows what it has in the cluster, and since when it is so, by what was seen and to whoever runs the platform', async () => {
    const { deployment } = await dedicated('seen');
    const path = `/api/v1/deployments/${deployment.id}/objects`;
    const of = async () => ((await admin.expect(200, 'GET', path)) as { data: object[] }).data;
    expect(await of()).toEqual([]);
    const place = { name: `t-${deployment.homeId.replaceAll('-', '')}`, generation: null };
    const namespace = { ...place, kind: 'Namespace', namespace: null, state: 'present', reason: null } as const;
    const ingress = { kind: 'Ingress', name: 'tenant-api', namespace: place.name, generation: null } as const;
    const missing = { ...ingress, state: 'missing', reason: 'FORBIDDEN: patch ingresses' } as const;
    const look = async (objects: Look['objects']) => {
      await unitOfWork.run((tx) => homes.enqueue(tx, deployment.homeId, 'test'));
      const claim = await claimOf(deployment.homeId);
      const now = clock.now();
      await wanted.record(claim, { ...settled, objects }, now, nothing);
      return now.toISOString();
    };
    const first = await look([missing, namespace]);
    const shown = [namespace, missing].map((object) => ({ homeId: deployment.homeId, ...object, since: first }));
    expect(await of()).toEqual(shown);
    const versions = () => postgres.query('SELECT ctid::text, xmin::text FROM home_object ORDER BY 1');
    const before = await versions();
    await look([namespace, missing]);
    await look(null);
    expect(await versions()).toEqual(before);
    const repaired = { ...ingress, state: 'present', reason: null, generation: 1 } as const;
    const later = await look([namespace, repaired]);
    expect(await of()).toEqual([shown[0], { homeId: deployment.homeId, ...repaired, since: later }]);
    await look([]);
    expect(await of()).toEqual([]);

    const pooled = await admin.post('/api/v1/tenants', tenantBody('pooled', 'eu-1'), {
      'idempotency-key': randomUUID(),
    });
    const { id } = (pooled.body as Created).deployment;
    expect(await admin.expect(200, 'GET', `/api/v1/deployments/${id}/objects`)).toEqual({ data: [] });
    expect((await admin.send('GET', `/api/v1/deployments/${randomUUID()}/objects`)).status).toBe(404);
    expect((await admin.send('GET', `${path}?kind=Pod`)).status).toBe(400);
    const tenant = new ServiceClient(core.url, { clientId: 'tenant', clientSecret: 'tenant' });
    expect((await tenant.send('GET', path)).status).toBe(403);
  });

  it('that shall be no more forgets its token, enrolls nobody and is never wanted again', async () => {
    const { deployment } = await dedicated('gone');
    await unitOfWork.run((tx) => homes.desire(tx, deployment.homeId, 'absent'));
    expect(await wanted.enrollmentToken(deployment.homeId)).toBeNull();
    await admin.expect(200, 'POST', `/api/v1/licenses/${deployment.id}/reissue`, { reason: 'test' });
    expect((await licenseOf(deployment.id)).document.enrollment).toBeUndefined();
    await expect(unitOfWork.run((tx) => homes.desire(tx, deployment.homeId, 'running'))).rejects.toThrow('no more');
    const gone = { type: 'Gone', status: true, reason: 'GONE', message: null } as const;
    const look = { ...settled, applied: null, conditions: [gone], isGone: true };
    await wanted.record(await claimOf(deployment.homeId), look, clock.now(), nothing);
    expect(await unitOfWork.run((tx) => homes.ofDeployment(tx, deployment.id))).toEqual([]);
    await expect(
      postgres.query(`UPDATE dedicated_home SET desired = 'running' WHERE home_id = $1`, [deployment.homeId]),
    ).rejects.toThrow();
  });
});

const stopped: SeenCondition = { type: 'Available', status: false, reason: 'STOPPED', message: null };
