import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { checkInvariants } from '@biplane/testing';
import { coreSuite, type CoreSuite } from '../../testing/core-suite.js';

let suite: CoreSuite;

beforeAll(async () => {
  suite = await coreSuite({ startAt: '2026-04-10T10:00:00.000Z' });
});
afterAll(async () => {
  await checkInvariants(suite.postgres.url);
  await suite?.close();
});

const act = (tenantId: string, verb: 'suspend' | 'resume') =>
  suite.admin.post(`/api/v1/tenants/${tenantId}/${verb}`, { reason: 'test' });
const transition = (id: string, to: string) =>
  suite.admin.post(`/api/v1/deployments/${id}/transition`, { to, reason: 'test' });
const stateOf = async (id: string) =>
  ((await suite.admin.expect(200, 'GET', `/api/v1/deployments/${id}`)) as { state: string }).state;

describe('suspending a tenant', () => {
  it('stops its deployments by a newer license each, tells the outside, and resuming undoes it', async () => {
    const { tenantId, deploymentId } = await suite.tenant();
    expect(await act(tenantId, 'suspend')).toMatchObject({
      status: 200,
      body: { state: 'suspended', deployments: [{ state: 'suspended' }] },
    });
    expect(await suite.license(deploymentId)).toMatchObject({ version: 2, status: 'suspended' });
    await act(tenantId, 'suspend');
    expect((await suite.license(deploymentId)).version).toBe(2);
    expect(await act(tenantId, 'resume')).toMatchObject({ status: 200, body: { state: 'active' } });
    expect(await suite.license(deploymentId)).toMatchObject({ version: 3, status: 'active' });
    expect(await suite.events('subscription.tenant.suspended', deploymentId)).toHaveLength(1);
    expect(await suite.events('subscription.tenant.resumed', deploymentId)).toHaveLength(1);
  });

  it('resume undoes only its own cause', async () => {
    const { tenantId, deploymentId } = await suite.tenant();
    await transition(deploymentId, 'suspended');
    await act(tenantId, 'suspend');
    expect(await transition(deploymentId, 'active')).toMatchObject({
      status: 422,
      body: { code: 'DEPLOYMENT.SUSPENSION_HOLDS', causes: ['tenant'] },
    });
    await act(tenantId, 'resume');
    expect(await stateOf(deploymentId)).toBe('suspended');
    expect(await transition(deploymentId, 'active')).toMatchObject({ status: 200, body: { state: 'active' } });
  });

  it('what was paused is paused again, and what was cancelled stays cancelled', async () => {
    const [paused, cancelled] = [await suite.tenant(), await suite.tenant()];
    await transition(paused.deploymentId, 'paused');
    await transition(cancelled.deploymentId, 'cancelled');
    for (const { tenantId } of [paused, cancelled]) {
      await act(tenantId, 'suspend');
      await act(tenantId, 'resume');
    }
    expect(await stateOf(paused.deploymentId)).toBe('paused');
    expect(await stateOf(cancelled.deploymentId)).toBe('cancelled');
  });

  it('an unknown tenant is not found, and a reason is asked for', async () => {
    expect(await act(randomUUID(), 'suspend')).toMatchObject({ status: 404 });
    const { tenantId } = await suite.tenant();
    expect(await suite.admin.post(`/api/v1/tenants/${tenantId}/suspend`, {})).toMatchObject({ status: 400 });
  });
});
