import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { checkInvariants, ServiceClient } from '@biplane/testing';
import { retirementRig, type RetirementRig } from '../../testing/retirement-rig.js';
import { seenHomes } from '../../testing/seen-homes.js';
import type { Look } from '../homes/index.js';

interface Counts {
  readonly tenantsExamined: number;
  readonly lifecycleInserted: number;
  readonly eventsInserted: number;
  readonly suspensionEventsInserted: number;
}

let rig: RetirementRig;

beforeAll(async () => {
  rig = await retirementRig('2026-04-01T00:00:00.000Z');
});
afterAll(async () => {
  if (rig) await checkInvariants(rig.postgres.url);
  await rig?.close();
});

const backfill = async (query = '') =>
  (await rig.admin.expect(200, 'POST', `/api/v1/admin/billing/backfill${query}`)) as Counts;
const bill = async (tenantId: string) =>
  (await rig.admin.expect(200, 'GET', `/api/v1/billing/tenants/${tenantId}/monthly?period=2026-04`)) as {
    inputHash: string;
  };
const eventsOf = async (deploymentId: string) =>
  (
    (await rig.admin.expect(200, 'GET', `/api/v1/deployments/${deploymentId}`)) as {
      events: { to: string; at: string }[];
    }
  ).events;
/** As if it was restored, or brought over, without its history. */
const forget = async (table: string, deploymentId: string, also = '') => {
  await rig.postgres.query(`ALTER TABLE ${table} DISABLE TRIGGER USER`);
  await rig.postgres.query(`DELETE FROM ${table} WHERE deployment_id = $1::uuid ${also}`, [deploymentId]);
  await rig.postgres.query(`ALTER TABLE ${table} ENABLE TRIGGER USER`);
};
const rows = async (table: string) =>
  (await rig.postgres.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${table}`))[0]!.n;

describe('the backfill', () => {
  it('fills in what is missing once: a dry run inserts nothing, the second run inserts 0, and no bill is other than it was', async () => {
    const whole = await rig.tenant();
    const stopped = await rig.tenant();
    await rig.at('2026-04-05T09:00:00.000Z');
    const transition = `/api/v1/deployments/${stopped.deploymentId}/transition`;
    await rig.admin.expect(200, 'POST', transition, { to: 'suspended', reason: 'x' });
    await rig.report(stopped.deploymentId, 'ready');
    await rig.at('2026-04-20T09:00:00.000Z');
    const [golden, goldenStopped] = [await bill(whole.tenantId), await bill(stopped.tenantId)];
    await forget('deployment_event', stopped.deploymentId);
    await forget('suspension', stopped.deploymentId);

    const before = [await rows('deployment_event'), await rows('module_event'), await rows('suspension')];
    const rehearsed = await backfill('?dryRun=true');
    expect(rehearsed).toMatchObject({ tenantsExamined: 2, lifecycleInserted: 1, suspensionEventsInserted: 1 });
    expect(rehearsed.eventsInserted).toBeGreaterThan(0);
    expect([await rows('deployment_event'), await rows('module_event'), await rows('suspension')]).toEqual(before);

    expect(await backfill()).toEqual(rehearsed);
    const events = await eventsOf(stopped.deploymentId);
    expect(events.map(({ to }) => to)).toEqual(['active', 'suspended']);
    // Dated by the license that its home reports.
    expect(events[1]?.at).toMatch(/^2026-04-05T09:0/);
    expect(await backfill()).toEqual({
      ...rehearsed,
      lifecycleInserted: 0,
      eventsInserted: 0,
      suspensionEventsInserted: 0,
    });
    expect(await bill(whole.tenantId)).toEqual(golden);
    // Its suspension is dated by the signing, a moment from what was forgotten: the same days, and the same lines.
    const { inputHash: _, ...lines } = goldenStopped;
    expect(await bill(stopped.tenantId)).toMatchObject(lines);
    await rig.admin.expect(200, 'POST', transition, { to: 'active', reason: 'it is lifted as any other' });
  });

  it('tells nothing of which its home has not reported the present license', async () => {
    const { deploymentId } = await rig.tenant();
    await backfill();
    const transition = `/api/v1/deployments/${deploymentId}/transition`;
    await rig.admin.expect(200, 'POST', transition, { to: 'suspended', reason: 'x' });
    await forget('deployment_event', deploymentId);
    expect(await backfill()).toMatchObject({ lifecycleInserted: 1, suspensionEventsInserted: 0 });
    await rig.report(deploymentId, 'ready');
    expect(await backfill()).toMatchObject({ lifecycleInserted: 0, suspensionEventsInserted: 1 });
  });

  describe('of a home of its own', () => {
    const requirements = { compliance: [], residency: 'eu', expectedMembers: 1, dedicated: true };
    const dedicated = async () => {
      const { deploymentId } = await rig.tenant({ requirements });
      const { homeId } = (await rig.homes(deploymentId))[0]!;
      const [{ modules }] = (await rig.postgres.query<{ modules: string[] }>(
        'SELECT modules FROM dedicated_home WHERE home_id = $1::uuid',
        [homeId],
      )) as [{ modules: string[] }];
      return { deploymentId, homeId, modules };
    };
    const look = async (homeId: string, annotations: NonNullable<Look['annotations']>) => {
      await rig.postgres.query(
        `INSERT INTO reconcile_request (home_id, region, cause, due_at, attempts, wakeups) VALUES ($1::uuid, 'eu-1', 'test', '2026-04-01', 0, 1)
         ON CONFLICT (home_id) DO UPDATE SET due_at = excluded.due_at, wakeups = reconcile_request.wakeups + 1`,
        [homeId],
      );
      await seenHomes(rig.core, ['eu-1'])(homeId, { annotations });
    };
    const switches = async (deploymentId: string) =>
      (
        await rig.postgres.query<{ module: string; enabled: boolean }>(
          'SELECT module, enabled FROM module_event WHERE deployment_id = $1::uuid ORDER BY module',
          [deploymentId],
        )
      ).map(({ module, enabled }) => `${module} ${enabled ? 'on' : 'off'}`);

    it('reads what the cluster was seen to have, not what it shall have, and once', async () => {
      const { deploymentId, homeId, modules } = await dedicated();
      const [first, ...others] = modules;
      await backfill();
      // Nobody has looked, however far the reconciler says it is.
      await rig.postgres.query('UPDATE dedicated_home SET observed_generation = generation WHERE home_id = $1::uuid', [
        homeId,
      ]);
      await backfill();
      expect(await switches(deploymentId)).toEqual([]);
      const seen = { modules: [first!, 'unlicensed'], suspendedAt: null, flaw: null };
      await look(homeId, { ...seen, flaw: 'biplane.dev/modules cannot be read: "?"' });
      expect(await backfill()).toMatchObject({ eventsInserted: 0 });
      await look(homeId, seen);
      expect(await backfill('?dryRun=true')).toMatchObject({ eventsInserted: 1 });
      expect(await switches(deploymentId)).toEqual([]);
      expect(await backfill()).toMatchObject({ eventsInserted: 1 });
      expect(await switches(deploymentId)).toEqual([`${first} on`]);
      expect(await backfill()).toMatchObject({ lifecycleInserted: 0, eventsInserted: 0, suspensionEventsInserted: 0 });
      await look(homeId, { ...seen, modules });
      expect(await backfill()).toMatchObject({ eventsInserted: others.length });
      expect(others.length).toBeGreaterThan(0);
      expect(await switches(deploymentId)).toEqual(modules.map((module) => `${module} on`));
    });

    it('dates its suspension by the annotation, and its resumption by when that was seen gone', async () => {
      const { deploymentId, homeId, modules } = await dedicated();
      const transition = `/api/v1/deployments/${deploymentId}/transition`;
      const told = async () => (await eventsOf(deploymentId)).map(({ to, at }) => `${to} ${at}`);
      const counts = async (query = '') => (await backfill(query)).suspensionEventsInserted;
      await backfill();
      await rig.admin.expect(200, 'POST', transition, { to: 'suspended', reason: 'x' });
      await forget('deployment_event', deploymentId);
      await forget('suspension', deploymentId);
      await backfill();
      const [created] = await told();
      const suspendedAt = '2026-04-21T07:30:00.000Z';
      const seen = { modules, suspendedAt: new Date(suspendedAt), flaw: null };
      await rig.at('2026-04-22T09:00:00.000Z');
      for (const bad of [
        { ...seen, suspendedAt: null },
        { ...seen, suspendedAt: null, flaw: 'biplane.dev/suspended-at cannot be read: "?"' },
        { ...seen, flaw: 'biplane.dev/suspended-at was written by "kubectl-edit"' },
      ]) {
        await look(homeId, bad);
        expect(await counts()).toBe(0);
      }
      await look(homeId, seen);
      expect([await counts('?dryRun=true'), await told()]).toEqual([1, [created]]);
      expect([await counts(), await counts()]).toEqual([1, 0]);
      expect(await told()).toEqual([created, `suspended ${suspendedAt}`]);

      // Of the license that lets it work again it says nothing: only the cluster does.
      await rig.report(deploymentId, 'ready');
      await rig.admin.expect(200, 'POST', transition, { to: 'active', reason: 'x' });
      await forget('deployment_event', deploymentId, `AND from_state = 'suspended'`);
      expect(await counts()).toBe(0);
      await rig.at('2026-04-24T09:00:00.000Z');
      await look(homeId, { ...seen, suspendedAt: null });
      await rig.at('2026-04-26T09:00:00.000Z');
      expect([await counts('?dryRun=true'), await counts(), await counts()]).toEqual([1, 1, 0]);
      expect((await told()).at(-1)).toMatch(/^active 2026-04-24T09:/);
    });
  });

  it('of four at once is one', async () => {
    const { deploymentId } = await rig.tenant();
    await forget('deployment_event', deploymentId);
    await Promise.all(Array.from({ length: 4 }, () => backfill()));
    expect(await eventsOf(deploymentId)).toHaveLength(1);
    const modules = await rig.postgres.query(
      'SELECT module FROM module_event WHERE deployment_id = $1::uuid GROUP BY module HAVING count(*) > 1',
      [deploymentId],
    );
    expect(modules).toEqual([]);
  });

  it('is refused to others, and with what it does not know', async () => {
    const reader = new ServiceClient(rig.core.url, { clientId: 'reader', clientSecret: 'reader' });
    expect((await reader.post('/api/v1/admin/billing/backfill', undefined)).status).toBe(403);
    for (const query of ['?dryRun=maybe', '?dryRun=', '?force=true']) {
      expect((await rig.admin.post(`/api/v1/admin/billing/backfill${query}`, undefined)).status).toBe(400);
    }
  });
});
