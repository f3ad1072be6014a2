import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { checkInvariants, waitFor } from '@biplane/testing';
import { reasonOf, retirementRig, type RetirementRig } from '../../testing/retirement-rig.js';
import { tenantBody } from '../../testing/scenario.js';
import { seenHomes, type SeenHomes } from '../../testing/seen-homes.js';

const TENANTS = 4;
const GONE = { conditions: [{ type: 'Gone', status: true, reason: 'GONE', message: null }], isGone: true } as const;

let seen: SeenHomes;
let rig: RetirementRig;

beforeAll(async () => {
  rig = await retirementRig('2026-04-01T00:00:00.000Z');
  seen = seenHomes(rig.core, ['eu-1']);
});
afterAll(async () => {
  if (rig) await checkInvariants(rig.postgres.url);
  await rig?.close();
});

const utc = { ...tenantBody('x', 'eu-1').billing, timeZone: 'UTC' };
const statusOf = async (deploymentId: string) =>
  ((await rig.admin.expect(200, 'GET', `/api/v1/licenses/${deploymentId}`)) as { status: string }).status;
const count = async (sql: string, ...params: unknown[]) =>
  (await rig.postgres.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${sql}`, params))[0]!.n;

describe('a retirement', () => {
  it('goes on step by step, each only by what was reported, and ends with nothing but history', async () => {
    const { tenantId, deploymentId } = await rig.tenant({ slug: 'leaving', billing: utc });
    await rig.at('2026-04-10T12:00:00.000Z');
    const begun = await rig.retire(deploymentId);
    expect(begun).toMatchObject({ kind: 'retire', state: 'running' });
    expect(begun.steps.map(({ name }) => name)).not.toContain('home_gone');
    expect((await rig.deployment(deploymentId)).state).toBe('cancelled');
    // Stopped and not revoked: nobody purges what is not invoiced.
    expect(await statusOf(deploymentId)).toBe('suspended');

    const drained = await rig.standsAt(begun.id, 'drained');
    expect(reasonOf(drained, 'drained')).toContain('not known to enforce');
    await rig.at('2026-04-10T12:01:00.000Z');
    await rig.goesOnTo(begun.id, 'windows_closed');
    await rig.closeHours('2026-04-10T13:00:00Z');
    await rig.at('2026-04-10T13:06:00.000Z');
    await rig.standsAt(begun.id, 'invoiced');
    await waitFor('the end of the month as what it waits for', async () => {
      return (await rig.operation(begun.id)).nextActionAt === '2026-05-01T00:00:00.000Z';
    });

    await rig.closeHours('2026-05-01T00:00:00Z');
    await rig.at('2026-05-01T00:06:00.000Z');
    const revoked = await rig.standsAt(begun.id, 'license_revoked');
    expect(reasonOf(revoked, 'invoiced')).toMatch(/^2026-04 is invoiced by \S+$/);
    expect(await statusOf(deploymentId)).toBe('revoked');
    expect((await rig.deployment(deploymentId)).retirement?.purgeAfter).toMatch(/^2026-05-31T00:0/);
    await rig.at('2026-05-01T00:07:00.000Z');
    await rig.goesOnTo(begun.id, 'retention_over');
    await rig.report(deploymentId, 'ready');
    expect((await rig.operation(begun.id)).steps.find(({ name }) => name === 'retention_over')?.state).toBe('running');

    await rig.at('2026-05-31T00:10:00.000Z');
    expect(reasonOf(await rig.standsAt(begun.id, 'data_dropped'), 'data_dropped')).toContain('it was last ready');
    expect((await rig.deployment(deploymentId)).state).toBe('cancelled');
    await rig.report(deploymentId, 'dropped');
    await rig.ended(begun.id, 'succeeded');

    const shown = await rig.deployment(deploymentId);
    expect(shown).toMatchObject({ state: 'archived', retirement: { step: null } });
    expect(shown.placements.at(-1)?.to).not.toBeNull();
    const sent = await rig.postgres.query<{ value: string | null }>(
      `SELECT value FROM outbox WHERE topic = 'license.issued.eu-1' AND key = $1 ORDER BY id`,
      [deploymentId],
    );
    expect(sent.at(-1)).toEqual({ value: null });
    expect(sent.filter(({ value }) => value === null)).toHaveLength(1);
    // A tenant whose deployments are retired one by one was not asked to go.
    expect(await rig.admin.expect(200, 'GET', `/api/v1/tenants/${tenantId}`)).toMatchObject({ state: 'active' });
    await rig.admin.expect(200, 'GET', `/api/v1/subscription/usage/${tenantId}`);
    expect(await count('invoice WHERE tenant_id = $1::uuid', tenantId)).toBe(1);
    expect((await rig.retire(deploymentId)).id).toBe(begun.id);
  });

  it('publishes nothing behind the tombstone, however long the service runs', async () => {
    const [{ key } = { key: '' }] = await rig.postgres.query<{ key: string }>(
      `SELECT key FROM outbox WHERE topic = 'license.issued.eu-1' AND value IS NULL`,
    );
    const other = await rig.tenant();
    await rig.at('2026-06-02T00:00:00.000Z');
    const published = (of: string) => count(`outbox WHERE topic = 'license.issued.eu-1' AND key = $1`, of);
    const before = await published(key);
    const others = await published(other.deploymentId);
    await waitFor('what is published hourly', async () => (await published(other.deploymentId)) > others);
    expect(await published(key)).toBe(before);
  });
});

describe('a home that never reports', () => {
  it('fails it at its deadline with the cause; given up, it goes on, and its data is kept as long as promised', async () => {
    await rig.at('2026-06-03T00:00:00.000Z');
    const { deploymentId } = await rig.tenant({ billing: utc });
    const { id } = await rig.retire(deploymentId, 'its region burnt down');
    await rig.standsAt(id, 'drained');
    await rig.at('2026-06-03T01:10:00.000Z');
    const failed = await rig.ended(id, 'failed');
    expect(failed.reason).toContain('drained: its home is not known to enforce');
    await rig.admin.expect(200, 'POST', `/api/v1/operations/${id}/retry`);
    expect((await rig.operation(id)).state).toBe('running');

    const path = `/api/v1/deployments/${deploymentId}/retirement/give-up-home`;
    await rig.admin.expect(200, 'POST', path, { reason: 'its disks are gone' });
    expect(reasonOf(await rig.standsAt(id, 'invoiced'), 'drained')).toContain('given up by an operator');
    const audit = await rig.admin.expect(200, 'GET', `/api/v1/audit?action=retirement.home_given_up`);
    expect((audit as { data: object[] }).data).toHaveLength(1);

    await rig.at('2026-07-02T00:30:00.000Z');
    await rig.standsAt(id, 'retention_over');
    await rig.at('2026-08-01T00:20:00.000Z');
    expect((await rig.operation(id)).state).toBe('running');
    await rig.at('2026-08-01T01:00:00.000Z');
    await rig.ended(id, 'succeeded');
    expect(await rig.admin.send('POST', path, { reason: 'again' })).toMatchObject({
      status: 422,
      body: { code: 'RETIREMENT.OVER' },
    });
  });
});

describe('the end of it', () => {
  it('races with the roll-up of its last month, and the month has one invoice, whoever was first', async () => {
    const leaving: { tenantId: string; id: string }[] = [];
    await rig.at('2026-08-10T00:00:00.000Z');
    for (let tenant = 0; tenant < TENANTS; tenant += 1) {
      const { tenantId, deploymentId } = await rig.tenant({ billing: utc });
      leaving.push({ tenantId, id: (await rig.retire(deploymentId)).id });
    }
    await rig.closeHours('2026-09-01T00:00:00Z');
    await rig.at('2026-08-10T00:30:00.000Z');
    for (const { id } of leaving) await rig.goesOnTo(id, 'invoiced');
    await rig.at('2026-09-01T01:00:00.000Z');
    const rollUp = () => rig.admin.post('/api/v1/admin/billing/rollup?period=2026-08', undefined);
    await Promise.all([rig.lookAfter(), rollUp(), rig.lookAfter()]);
    for (const { tenantId, id } of leaving) {
      const said = reasonOf(await rig.standsAt(id, 'license_revoked'), 'invoiced');
      const invoices = await rig.postgres.query<{ number: string }>(
        'SELECT number FROM invoice WHERE tenant_id = $1::uuid',
        [tenantId],
      );
      expect(invoices.map(({ number }) => `2026-08 is invoiced by ${number}`)).toEqual([said]);
    }
  });

  it('of a deployment with a home of its own ends when the cluster was seen without it, and not before', async () => {
    await rig.at('2026-09-10T00:00:00.000Z');
    const { deploymentId } = await rig.tenant({ billing: utc, requirements: { dedicated: true } });
    const [home] = await rig.homes(deploymentId);
    const { id, steps } = await rig.retire(deploymentId);
    expect(steps.map(({ name }) => name).slice(-3)).toEqual(['archived', 'home_gone', 'tombstoned']);
    await rig.closeHours('2026-10-01T00:00:00Z');
    await rig.at('2026-09-10T00:30:00.000Z');
    await rig.goesOnTo(id, 'invoiced');
    await rig.at('2026-10-01T01:00:00.000Z');
    await rig.standsAt(id, 'license_revoked');
    await rig.at('2026-10-01T01:01:00.000Z');
    await rig.goesOnTo(id, 'retention_over');
    await rig.at('2026-11-01T00:00:00.000Z');
    await rig.standsAt(id, 'data_dropped');
    // Nothing of it is removed while it has data, or may have.
    expect(await rig.homes(deploymentId)).toEqual([{ ...home, desired: 'running' }]);
    await rig.report(deploymentId, 'dropped');
    await rig.standsAt(id, 'home_gone');
    expect(await rig.homes(deploymentId)).toEqual([{ ...home, desired: 'absent' }]);

    const ending = { type: 'Gone', status: false, reason: 'NAMESPACE_TERMINATING', message: null } as const;
    await seen(home!.homeId, { conditions: [ending], nextAt: new Date(0) });
    await waitFor('what the cluster said', async () =>
      reasonOf(await rig.operation(id), 'home_gone')?.includes('NAMESPACE_TERMINATING'),
    );
    expect((await rig.operation(id)).state).toBe('running');
    await seen(home!.homeId, GONE);
    await rig.ended(id, 'succeeded');
    expect(await count(`outbox WHERE key = $1 AND value IS NULL`, deploymentId)).toBe(1);
  });

  it('comes by itself to a home that sleeps: without a pod it has nothing to drain, and wakes for its export', async () => {
    await rig.at('2026-11-05T00:00:00.000Z');
    const { deploymentId } = await rig.tenant({ billing: utc, requirements: { dedicated: true } });
    const [{ homeId } = { homeId: '' }] = await rig.homes(deploymentId);
    const suspended = { to: 'suspended', reason: 'x' };
    await rig.admin.expect(200, 'POST', `/api/v1/deployments/${deploymentId}/transition`, suspended);
    await rig.closeHours('2026-11-05T01:00:00Z');
    await rig.at('2026-11-05T01:06:00.000Z');
    await rig.sleep();
    await seen(homeId, { conditions: [{ type: 'Available', status: false, reason: 'STOPPING', message: null }] });
    const { id } = await rig.retire(deploymentId);
    expect(reasonOf(await rig.standsAt(id, 'drained'), 'drained')).toContain('not known to enforce');
    await seen(homeId, { conditions: [{ type: 'Available', status: false, reason: 'STOPPED', message: null }] });
    expect(reasonOf(await rig.standsAt(id, 'windows_closed'), 'drained')).toBe('its home sleeps: it has no pod');

    // Nobody has closed the hour in which it fell asleep, as when its last process was killed: that alone is waited for.
    await rig.at('2026-12-01T01:00:00.000Z');
    expect(reasonOf(await rig.standsAt(id, 'windows_closed'), 'windows_closed')).toContain('1 hours are not closed');
    await rig.closesInSleep(homeId, '2026-11-05T01:00:00Z');
    await rig.at('2026-12-01T01:06:00.000Z');
    await rig.standsAt(id, 'license_revoked');
    expect(await rig.homes(deploymentId)).toEqual([{ homeId, desired: 'running' }]);
    await rig.at('2026-12-01T01:07:00.000Z');
    await rig.goesOnTo(id, 'retention_over');
    await rig.at('2027-01-02T00:00:00.000Z');
    await rig.report(deploymentId, 'dropped');
    await rig.standsAt(id, 'home_gone');
    await seen(homeId, GONE);
    await rig.ended(id, 'succeeded');
  });
});
