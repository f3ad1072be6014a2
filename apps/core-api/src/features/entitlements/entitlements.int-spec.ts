import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ServiceClient } from '@biplane/testing';
import { ChecksRig } from '../../testing/checks-rig.js';
import { runCore } from '../../testing/running-core.js';

let rig: ChecksRig;
beforeAll(async () => {
  rig = await ChecksRig.start();
});
afterAll(() => rig.close());

describe('what a deployment is entitled to', () => {
  it('is told with the steps that led to it, and is what the license says', async () => {
    const { tenantId, deploymentId } = await rig.suite.tenant();
    const override = { cap: '20', strategy: 'soft_warning', reason: 'pilot', until: '2026-12-31T00:00:00Z' };
    await rig.suite.admin.expect(
      200,
      'PUT',
      `/api/v1/deployments/${deploymentId}/overrides/financials/api_calls`,
      override,
    );
    const flag = { enabled: false, reason: 'asked for' };
    await rig.suite.admin.expect(200, 'PUT', `/api/v1/deployments/${deploymentId}/flags/beta_reports`, flag);
    const path = `/api/v1/subscription/tenants/${tenantId}/entitlements`;
    const told = (await rig.suite.admin.expect(200, 'GET', `${path}?explain=true`)) as {
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
    const { modules } = await rig.suite.license(deploymentId);
    for (const { module, limits } of deployment!.modules) {
      expect(limits).toMatchObject(
        modules[module]!.limits.map(({ meter, cap, strategy }) => ({ meter, cap, strategy })),
      );
    }
    const plain = await rig.suite.admin.expect(200, 'GET', `/api/v1/deployments/${deploymentId}/entitlements`);
    expect(JSON.stringify(plain)).not.toContain('"why"');
    expect(await rig.suite.admin.expect(200, 'GET', `/api/v1/subscription/tenants/${tenantId}/plan`)).toMatchObject({
      ...{ tenantId, plan: 'studio', version: 1, tier: 'standard', status: 'active' },
      ...{ activatedAt: expect.stringMatching(/^2026-04-10T12/), renewsAt: '2026-04-30T14:00:00.000Z', endsAt: null },
      deployments: [{ deploymentId }],
    });
  });

  it('is nothing while it is paused, and says why', async () => {
    const { deploymentId } = await rig.made();
    const transition = (to: string) =>
      rig.suite.admin.post(`/api/v1/deployments/${deploymentId}/transition`, { to, reason: 'test' });
    await transition('paused');
    const path = `/api/v1/deployments/${deploymentId}/entitlements`;
    expect(await rig.suite.admin.expect(200, 'GET', path)).toMatchObject({
      ...{ isGranted: false, code: 'DEPLOYMENT_PAUSED', reason: 'The deployment is paused', modules: [] },
    });
    expect(await rig.connector(deploymentId)).toMatchObject({ outcome: 'deny', code: 'LICENSE.SUSPENDED' });
    expect(await rig.quota(deploymentId, 'connectors.connectors')).toMatchObject({ isAllowed: false, remaining: '10' });
    await transition('active');
    // The next check reads the newer license, whatever was kept in memory.
    expect(await rig.connector(deploymentId)).toMatchObject({ outcome: 'allow' });
  });
});

describe('entitlements and tenants', () => {
  it('F2: no token of one tenant asks, holds, reads or releases for another', async () => {
    const [mine, theirs] = [await rig.made(), await rig.made()];
    const { reservationId } = await rig.connector(theirs.deploymentId);
    await rig.ingestion(theirs.deploymentId, '50').then(({ reservationId: id }) => rig.act(id!, 'confirm'));
    const { ticketId } = await rig.ingestion(theirs.deploymentId, '1');
    const scopes = { tenant: [`tenant:${mine.tenantId}`], bound: ['entitlements:check', `tenant:${mine.tenantId}`] };
    const { fieldKey } = rig.suite.core;
    const other = await runCore({
      databaseUrl: rig.suite.postgres.url,
      regions: ['eu-1'],
      startAt: ChecksRig.laterAt,
      clients: scopes,
      fieldKey,
    });
    try {
      const of = (id: string) => new ServiceClient(other.url, { clientId: id, clientSecret: id });
      const [tenant, bound] = [of('tenant'), of('bound')];
      ChecksRig.patient(other);
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
        `/api/v1/billing/quota?deploymentId=${theirs.deploymentId}`,
        `/api/v1/billing/quota?tenantId=${theirs.tenantId}`,
        `/api/v1/billing/quota?tenantId=${mine.tenantId}&deploymentId=${theirs.deploymentId}`,
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
    expect((await rig.gate.get(`/api/v1/subscription/tickets/${ticketId}`)).body).toMatchObject({ state: 'waiting' });
    expect((await rig.gate.get(`/api/v1/subscription/reservations/${reservationId}`)).body).toMatchObject({
      state: 'held',
    });
    expect((await rig.gate.get('/api/v1/billing/quota')).body).toMatchObject({ code: 'ENTITLEMENT.QUOTA_UNSCOPED' });
  });
});
