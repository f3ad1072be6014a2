import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { checkInvariants, ServiceClient, waitFor } from '@biplane/testing';
import { publishLike } from '../../testing/core-suite.js';
import { reasonOf, retirementRig, type RetirementRig } from '../../testing/retirement-rig.js';
import { tenantBody } from '../../testing/scenario.js';

let rig: RetirementRig;

beforeAll(async () => {
  rig = await retirementRig('2026-04-01T00:00:00.000Z');
  await publishLike(rig.admin, { code: 'tried', rank: 20, trialDays: 14 });
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
  it('is one however many ask for it at once', async () => {
    const { deploymentId } = await rig.tenant();
    const asked = await Promise.all(Array.from({ length: 8 }, () => rig.retire(deploymentId)));
    expect(new Set(asked.map(({ id }) => id)).size).toBe(1);
    expect(
      await count(`deployment_event WHERE deployment_id = $1::uuid AND to_state = 'cancelled'`, deploymentId),
    ).toBe(1);
  });

  it('is refused while the deployment is moved, and nothing of it has happened', async () => {
    const { tenantId, deploymentId } = await rig.tenant();
    const operationId = randomUUID();
    await rig.postgres.query(
      `INSERT INTO operation (id, kind, tenant_id, deployment_id, state, created_at)
       VALUES ($1::uuid, 'move', $2::uuid, $3::uuid, 'running', '2026-04-01T00:00:00Z')`,
      [operationId, tenantId, deploymentId],
    );
    const answer = await rig.admin.send('DELETE', `/api/v1/deployments/${deploymentId}`, { reason: 'x' });
    expect(answer).toMatchObject({ status: 409, body: { code: 'OPERATION.BUSY', operationId } });
    expect((await rig.deployment(deploymentId)).state).toBe('active');
    await rig.postgres.query(`UPDATE operation SET state = 'failed' WHERE id = $1::uuid`, [operationId]);
  });

  const states: [state: string, transitions: string[]][] = [
    ['paused', ['paused']],
    ['past_due', ['past_due']],
    ['suspended', ['suspended']],
  ];
  it.each(states)('begins from %s too', async (_, transitions) => {
    const { deploymentId } = await rig.tenant();
    for (const to of transitions) {
      await rig.admin.expect(200, 'POST', `/api/v1/deployments/${deploymentId}/transition`, { to, reason: 'x' });
    }
    const { id } = await rig.retire(deploymentId);
    await rig.standsAt(id, 'drained');
    expect([(await rig.deployment(deploymentId)).state, await statusOf(deploymentId)]).toEqual([
      'cancelled',
      'suspended',
    ]);
  });

  it('lets one that was cancelled work to the end that was promised', async () => {
    const { deploymentId } = await rig.tenant({ billing: utc });
    const cancelled = { to: 'cancelled', reason: 'x' };
    await rig.admin.expect(200, 'POST', `/api/v1/deployments/${deploymentId}/transition`, cancelled);
    const { id } = await rig.retire(deploymentId);
    await waitFor('the end that was promised as what it waits for', async () => {
      const shown = await rig.operation(id);
      return reasonOf(shown, 'ended') !== null && shown.nextActionAt === '2026-05-01T00:00:00.000Z';
    });
    expect(await statusOf(deploymentId)).toBe('active');
  });

  it('ends one that waits for its plan at once: there is nothing to drain, to invoice or to drop', async () => {
    const { tenantId } = await rig.tenant();
    const body = { tenantId, slug: 'later', displayName: 'Later', region: 'eu-1' };
    const made = await rig.admin.expect(201, 'POST', '/api/v1/deployments', body, { 'idempotency-key': randomUUID() });
    const { id } = (made as { deployment: { id: string } }).deployment;
    const begun = await rig.retire(id);
    await rig.ended(begun.id, 'succeeded');
    expect((await rig.deployment(id)).state).toBe('archived');
    expect(await count('outbox WHERE key = $1', id)).toBe(
      await count(`outbox WHERE key = $1 AND value IS NOT NULL`, id),
    );
  });

  it('begins from a trial, which ends at once and costs nothing', async () => {
    const { tenantId, deploymentId } = await rig.tenant({ billing: utc, plan: { code: 'tried' } });
    expect((await rig.deployment(deploymentId)).state).toBe('trial');
    const { id } = await rig.retire(deploymentId);
    await rig.standsAt(id, 'drained');
    expect([(await rig.deployment(deploymentId)).state, await statusOf(deploymentId)]).toEqual([
      'cancelled',
      'suspended',
    ]);
    await rig.closeHours('2026-05-01T00:00:00Z');
    await rig.at('2026-04-01T00:30:00.000Z');
    await rig.goesOnTo(id, 'invoiced');
    await rig.at('2026-05-01T00:10:00.000Z');
    const { steps } = await rig.standsAt(id, 'license_revoked');
    expect(steps.find(({ name }) => name === 'invoiced')).toMatchObject({ reason: 'nothing is owed for 2026-04' });
    // No number is spent on an invoice of 0.00, by hand neither.
    const asked = { tenantId, period: '2026-04', action: 'issue' };
    const key = { 'idempotency-key': randomUUID() };
    expect(await rig.admin.post('/api/v1/billing/invoices', asked, key)).toMatchObject({
      status: 422,
      body: {
        code: 'BILLING.NOTHING_TO_BILL',
        detail: 'Nothing was supplied in 2026-04: its bill has no line but taxes',
      },
    });
    expect(await count('invoice WHERE tenant_id = $1::uuid', tenantId)).toBe(0);
  });
});

describe('a tenant that is retired', () => {
  it('goes with all its deployments, and begins nothing any more', async () => {
    const { tenantId, deploymentId } = await rig.tenant();
    const body = { tenantId, slug: 'second', displayName: 'Second', region: 'eu-1' };
    const made = await rig.admin.expect(201, 'POST', '/api/v1/deployments', body, { 'idempotency-key': randomUUID() });
    const second = (made as { deployment: { id: string } }).deployment.id;
    const answers = await Promise.all(
      [1, 2].map(() => rig.admin.expect(202, 'DELETE', `/api/v1/tenants/${tenantId}`, { reason: 'the end' })),
    );
    const [first] = answers as { state: string; operations: { id: string; deploymentId: string }[] }[];
    expect(first).toMatchObject({ state: 'retiring' });
    expect(first!.operations.map((operation) => operation.deploymentId).sort()).toEqual([deploymentId, second].sort());
    expect(await count(`operation WHERE tenant_id = $1::uuid AND kind = 'retire'`, tenantId)).toBe(2);
    const keyed = { 'idempotency-key': randomUUID() };
    expect(await rig.admin.post('/api/v1/deployments', { ...body, slug: 'third' }, keyed)).toMatchObject({
      status: 422,
      body: { code: 'TENANT.RETIRED' },
    });
    for (const verb of ['suspend', 'resume']) {
      expect(await rig.admin.post(`/api/v1/tenants/${tenantId}/${verb}`, { reason: 'x' })).toMatchObject({
        status: 422,
        body: { code: 'TENANT.RETIRED' },
      });
    }
    await waitFor('the second', async () => (await rig.deployment(second)).state === 'archived');
    expect(await rig.admin.expect(200, 'GET', `/api/v1/tenants/${tenantId}`)).toMatchObject({ state: 'retiring' });
    await rig.postgres.query(
      `UPDATE operation_step SET state = 'succeeded' WHERE name <> 'archived' AND name <> 'tombstoned'
         AND operation_id = (SELECT operation_id FROM retirement WHERE deployment_id = $1::uuid)`,
      [deploymentId],
    );
    await rig.postgres.query(
      `UPDATE operation SET next_action_at = created_at WHERE deployment_id = $1::uuid AND kind = 'retire'`,
      [deploymentId],
    );
    await waitFor('its end', async () => {
      const shown = await rig.admin.expect(200, 'GET', `/api/v1/tenants/${tenantId}`);
      return (shown as { state: string }).state === 'archived';
    });
  });
});

describe('what is asked', () => {
  it('by others, of nothing, or wrongly, is refused and changes nothing', async () => {
    const { tenantId, deploymentId } = await rig.tenant();
    const path = `/api/v1/deployments/${deploymentId}`;
    const reader = new ServiceClient(rig.core.url, { clientId: 'reader', clientSecret: 'reader' });
    expect((await reader.send('DELETE', path, { reason: 'x' })).status).toBe(403);
    for (const body of [undefined, {}, { reason: '' }, { reason: null }, { reason: 'x', force: true }, [], 'x']) {
      const { status } = await rig.admin.send('DELETE', path, body);
      expect([400, 415, 422]).toContain(status);
    }
    const reason = { reason: 'x' };
    expect((await rig.admin.send('DELETE', `/api/v1/deployments/${randomUUID()}`, reason)).status).toBe(404);
    expect((await rig.admin.send('DELETE', '/api/v1/deployments/no-uuid', reason)).status).toBe(400);
    expect((await rig.admin.send('DELETE', `/api/v1/tenants/${randomUUID()}`, reason)).status).toBe(404);
    expect(await rig.admin.send('POST', `${path}/retirement/give-up-home`, reason)).toMatchObject({
      status: 404,
      body: { code: 'RETIREMENT.NONE' },
    });
    expect((await rig.deployment(deploymentId)).state).toBe('active');
    expect(await count('retirement WHERE tenant_id = $1::uuid', tenantId)).toBe(0);
  });

  it('stays: who asked for it, and that a home was given up, by SQL either', async () => {
    await expect(rig.postgres.query(`UPDATE retirement SET requested_by = 'nobody'`)).rejects.toThrow('refused');
    await expect(rig.postgres.query('DELETE FROM retirement')).rejects.toThrow('refused');
  });
});
