import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { checkInvariants, ServiceClient } from '@biplane/testing';
import { retirementRig, type RetirementRig } from '../../testing/retirement-rig.js';

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
const forget = async (table: string, deploymentId: string) => {
  await rig.postgres.query(`ALTER TABLE ${table} DISABLE TRIGGER USER`);
  await rig.postgres.query(`DELETE FROM ${table} WHERE deployment_id = $1::uuid`, [deploymentId]);
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

  it('reads a home of its own from what the cluster is known to have, and only then', async () => {
    const requirements = { compliance: [], residency: 'eu', expectedMembers: 1, dedicated: true };
    const { deploymentId } = await rig.tenant({ requirements });
    const of = () =>
      rig.postgres.query<{ module: string; enabled: boolean }>(
        'SELECT module, enabled FROM module_event WHERE deployment_id = $1::uuid ORDER BY module',
        [deploymentId],
      );
    await backfill();
    expect(await of()).toEqual([]);
    await rig.postgres.query(
      `UPDATE dedicated_home SET observed_generation = generation, modules = '{financials}' WHERE deployment_id = $1::uuid`,
      [deploymentId],
    );
    await backfill();
    expect(await of()).toContainEqual({ module: 'financials', enabled: true });
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
