import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { migrate, migrationStatus, querySql } from '@biplane/service-kit';
import { sizeOfRun } from '@biplane/testing';
import { FleetScene, type FleetReplica } from '../../testing/fleet-rig.js';
import { ensureTemplate, serverNames, withSession, type TenantSchema } from '../tenancy/index.js';

// SOAK=1 takes the thousand databases of the catalog; a run in CI takes forty.
const DATABASES = sizeOfRun({ soak: 1_000, ci: 40 });
/** So many that three of them are no reason to stop. */
const FAILURES_PERCENT_MAX = Math.ceil((3 / DATABASES) * 100);

let scene: FleetScene;
beforeAll(async () => {
  scene = await FleetScene.of(DATABASES);
}, 600_000);
afterAll(async () => scene.close(), 600_000);

const begin = async (replica: FleetReplica, settings = {}) =>
  replica.fleet.begin(await replica.fleet.plan(settings), settings, 'operator');
const workAll = (runId: string, replicas: readonly FleetReplica[]) =>
  Promise.all(replicas.map((replica) => replica.work(runId)));
const rowsOf = (runId: string) =>
  scene.database.query<{ id: string; wave: number; state: string; reason: string | null; failed: string | null }>(
    `SELECT deployment_id::text AS id, wave, state, reason, failed_migration AS failed FROM fleet_migration
      WHERE run_id = $1 ORDER BY position`,
    [runId],
  );
const versions = async (): Promise<Set<string>> => {
  const rows = await scene.database.query<{ version: string }>(
    `SELECT schema_version AS version FROM tenant_database WHERE state = 'ready'`,
  );
  return new Set(rows.map(({ version }) => version));
};
const ownerGroup = () => serverNames(scene.homeId, scene.base.hash).ownerGroup;
const later = async (id: string, ms: number, replica: FleetReplica): Promise<void> => {
  scene.clock.advance(ms);
  await replica.work(id);
};

describe('a run over the fleet', () => {
  it('E7: three broken databases fail alone with their reasons, all serve on, and are migrated once they are mended', async () => {
    const schema = scene.release(
      '20270101000000_notes',
      `CREATE TABLE note (id INT PRIMARY KEY);
         ALTER TABLE member ADD CONSTRAINT member_no_staff CHECK (role <> 'staff');
         INSERT INTO note VALUES (1);`,
    );
    const replicas = [await scene.replica(schema), await scene.replica(schema)];
    const run = await begin(replicas[0]!, { failuresPercentMax: FAILURES_PERCENT_MAX, attemptsMax: 2 });
    const [bad, locked, denied] = (await rowsOf(run.id)).filter(({ wave }) => wave > 0).map(({ id }) => id) as [
      string,
      string,
      string,
    ];
    await scene.admin(
      `INSERT INTO member (id, role, state, created_at) VALUES (gen_random_uuid(), 'staff', 'active', now())`,
      bad,
    );
    await scene.admin(`REVOKE CREATE ON SCHEMA public FROM ${ownerGroup()}`, denied);
    await withSession(scene.tenantUrl(locked), async (reader) => {
      await reader.query('BEGIN; SELECT count(*) FROM member');
      await workAll(run.id, replicas);
      expect(await scene.states(run.id)).toEqual({ done: DATABASES - 3, failed: 2, pending: 1 });
      await later(run.id, 60_000, replicas[0]!);
    });
    expect(await scene.states(run.id)).toEqual({ done: DATABASES - 3, failed: 3 });
    expect(await replicas[0]!.fleet.find(run.id)).toMatchObject({ state: 'done' });
    const failed = (await rowsOf(run.id)).filter(({ state }) => state === 'failed');
    const name = '20270101000000_notes';
    expect(new Map(failed.map(({ id, reason, failed: at }) => [id, [reason, at]]))).toEqual(
      new Map([
        [bad, ['SQLSTATE_23514', name]],
        [locked, ['LOCKED', name]],
        [denied, ['SQLSTATE_42501', name]],
      ]),
    );
    // Nothing of the failed migration is left, and those who failed serve as before.
    for (const id of [bad, locked, denied]) {
      const handle = replicas[0]!.home.handles.resolve(id);
      const found = await handle.read((reader) =>
        querySql<{ note: string | null }>(reader, `SELECT to_regclass('note')::text AS note, count(*) FROM member`),
      );
      expect(found).toMatchObject([{ note: null }]);
    }
    await scene.admin(`DELETE FROM member WHERE role = 'staff'`, bad);
    await scene.admin(`GRANT CREATE ON SCHEMA public TO ${ownerGroup()}`, denied);
    const again = await begin(replicas[0]!);
    expect((await rowsOf(again.id)).length).toBe(3);
    await workAll(again.id, replicas);
    expect(await versions()).toEqual(new Set([schema.version]));
    await expectWhole(schema);
  }, 600_000);

  it('E7: one canary that fails stops the run at once, and the others are not touched', async () => {
    const name = '20270102000000_bad';
    const replica = await scene.replica(scene.release(name, 'SELECT 1 / (SELECT count(*) FROM note WHERE id = 2);'));
    const before = await versions();
    const run = await begin(replica, { atOnceMax: 1 });
    await replica.work(run.id);
    expect(await replica.fleet.find(run.id)).toMatchObject({ state: 'stopped', reason: 'CANARY_FAILED', wave: 0 });
    expect(await scene.states(run.id)).toEqual({ failed: 1, pending: DATABASES - 1 });
    expect(await versions()).toEqual(before);
    await replica.worker.tick();
    await replica.fleet.command(run.id, 'cancel');
    await expect(replica.fleet.command(run.id, 'continue')).rejects.toMatchObject({
      failure: { code: 'FLEET.RUN_ENDED' },
    });
    scene.withdraw(name);
  });

  it('E7: more than one percent of failures stops the waves, an operator goes on after them, and retries them', async () => {
    const schema = scene.release(
      '20270103000000_unique',
      'ALTER TABLE member ADD CONSTRAINT m3 CHECK (role <> $$staff$$);',
    );
    const replica = await scene.replica(schema);
    const run = await begin(replica, { atOnceMax: 1, waves: [10] });
    const broken = (await rowsOf(run.id)).filter(({ wave }) => wave === 1).slice(0, Math.floor(DATABASES / 100) + 1);
    // The constraint of the first release is what these would break too.
    for (const { id } of broken) {
      await scene.admin(
        `ALTER TABLE member DROP CONSTRAINT member_no_staff;
         INSERT INTO member (id, role, state, created_at) VALUES (gen_random_uuid(), 'staff', 'active', now())`,
        id,
      );
    }
    await replica.work(run.id);
    expect(await replica.fleet.find(run.id)).toMatchObject({ state: 'stopped', reason: 'TOO_MANY_FAILED', wave: 1 });
    const { pending = 0 } = await scene.states(run.id);
    expect(pending).toBeGreaterThanOrEqual(DATABASES - 15);
    await replica.fleet.command(run.id, 'continue');
    await replica.work(run.id);
    expect(await scene.states(run.id)).toEqual({ done: DATABASES - broken.length, failed: broken.length });
    for (const { id } of broken) await scene.admin(`DELETE FROM member WHERE role = 'staff'`, id);
    await expect(replica.fleet.command(run.id, 'retry')).rejects.toMatchObject({ failure: { status: 409 } });
    const again = await begin(replica);
    await replica.work(again.id);
    expect(await versions()).toEqual(new Set([schema.version]));
  });

  it('several that begin at once begin one run, and other settings are refused while it is open', async () => {
    const schema = scene.release('20270104000000_empty', 'SELECT 1;');
    const replicas = await Promise.all([1, 2, 3, 4].map(() => scene.replica(schema)));
    const runs = await Promise.all(replicas.map((replica) => begin(replica)));
    expect(new Set(runs.map(({ id }) => id)).size).toBe(1);
    await expect(begin(replicas[0]!, { attemptsMax: 3 })).rejects.toMatchObject({
      failure: { code: 'FLEET.RUN_OPEN', members: { runId: runs[0]!.id } },
    });
    // A program of another release leaves it alone.
    const older = await scene.replica(scene.base);
    await older.worker.tick();
    await older.work(runs[0]!.id);
    expect(await scene.states(runs[0]!.id)).toEqual({ pending: DATABASES });
    await replicas[0]!.fleet.command(runs[0]!.id, 'pause');
    await replicas[0]!.work(runs[0]!.id);
    expect(await scene.states(runs[0]!.id)).toEqual({ pending: DATABASES });
    await replicas[0]!.fleet.command(runs[0]!.id, 'continue');
    await workAll(runs[0]!.id, replicas);
    expect(await scene.states(runs[0]!.id)).toEqual({ done: DATABASES });
    const attempts = await scene.database.query<{ attempt: number }>(
      'SELECT DISTINCT attempt FROM fleet_migration WHERE run_id = $1',
      [runs[0]!.id],
    );
    expect(attempts).toEqual([{ attempt: 1 }]);
  });

  it('suspended, moving and retiring databases are left with their reasons, and taken when they are sent after', async () => {
    const [suspended, moving, retiring] = scene.placements as [Placed, Placed, Placed];
    const placement = { homeId: scene.homeId, epoch: 1, phase: 'draining', url: 'https://eu-1.example' } as const;
    scene.license(suspended, { version: 2, status: 'suspended' });
    scene.license(moving, { version: 2, placement });
    scene.license(retiring, { version: 2, status: 'revoked', purgeAfter: '2028-01-01T00:00:00.000Z' });
    const schema = scene.release('20270105000000_skips', 'SELECT 1;');
    const replica = await scene.replica(schema);
    const plan = await replica.fleet.plan({});
    expect(new Map(plan.skipped.map(({ deploymentId, reason }) => [deploymentId, reason]))).toEqual(
      new Map([
        [suspended.deploymentId, 'SUSPENDED'],
        [moving.deploymentId, 'MOVING'],
        [retiring.deploymentId, 'RETIRING'],
      ]),
    );
    const run = await begin(replica, { waves: [5] });
    await replica.fleet.command(run.id, 'pause');
    for (const placed of [suspended, moving, retiring]) scene.license(placed, { version: 3 });
    const woken = await scene.replica(schema);
    expect(await scene.states(run.id)).toEqual({ pending: DATABASES - 3, skipped: 3 });
    await woken.fleet.command(run.id, 'retry');
    await woken.work(run.id);
    expect(await scene.states(run.id)).toEqual({ done: DATABASES });
  });

  it('tenants made while a run is open are born at its schema, or join its last wave', async () => {
    const schema = scene.release('20270106000000_births', 'CREATE TABLE birth (id INT PRIMARY KEY);');
    const replica = await scene.replica(schema);
    const run = await begin(replica);
    await ensureTemplate({ provisionerUrl: scene.provisionerUrl, homeId: scene.homeId, schema });
    const [born, late] = [scene.newPlacement(), scene.newPlacement()];
    scene.license(born);
    const newer = await scene.replica(schema);
    expect(await newer.home.tenancy.initialize(born.deploymentId)).toMatchObject({ schemaVersion: schema.version });
    scene.license(late);
    const older = await scene.replica(scene.base);
    expect(await older.home.tenancy.initialize(late.deploymentId)).toMatchObject({ schemaVersion: scene.base.version });
    for (const record of scene.records) await newer.home.keeper.takeRecord(record);
    await newer.work(run.id);
    expect(await scene.states(run.id)).toEqual({ done: DATABASES + 1 });
    expect(await versions()).toEqual(new Set([schema.version]));
  });
});

type Placed = FleetScene['placements'][number];

/** Prisma's engine finds nothing to do, each migration was applied once, and core-api was told of each database once. */
async function expectWhole(schema: TenantSchema): Promise<void> {
  for (const { deploymentId } of scene.placements.slice(0, 3)) {
    const url = scene.tenantUrl(deploymentId);
    expect(await migrationStatus({ url, folder: schema.folder })).toMatchObject({
      pending: [],
      failed: [],
      unknown: [],
    });
    expect(await migrate({ url, folder: schema.folder })).toEqual([]);
  }
  for (const { deploymentId } of scene.placements.slice(0, 10)) {
    const notes = await scene.admin<{ id: number }>('SELECT id FROM note', deploymentId);
    expect(notes).toEqual([{ id: 1 }]);
  }
  const reports = await scene.database.query<{ key: string; count: number }>(
    `SELECT key, count(*)::int AS count FROM outbox WHERE value::jsonb #>> '{database,schemaVersion}' = $1 GROUP BY key`,
    [schema.version],
  );
  expect(reports.length).toBe(scene.placements.length);
  expect(new Set(reports.map(({ count }) => count))).toEqual(new Set([1]));
}
