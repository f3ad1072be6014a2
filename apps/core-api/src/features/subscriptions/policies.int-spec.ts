import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { checkInvariants, ServiceClient, waitFor } from '@biplane/testing';
import { coreSuite, type CoreSuite } from '../../testing/core-suite.js';

const startAt = '2026-04-10T10:00:00.000Z';
const ofTenant = randomUUID();
let suite: CoreSuite;

beforeAll(async () => {
  suite = await coreSuite({ startAt, clients: { other: [`tenant:${ofTenant}`] } });
});
afterAll(async () => {
  await checkInvariants(suite.postgres.url);
  await suite?.close();
});

const put = (id: string, path: string, body: unknown) => suite.admin.put(`/api/v1/deployments/${id}/${path}`, body);
const remove = (id: string, path: string) => suite.admin.send('DELETE', `/api/v1/deployments/${id}/${path}`);
const limit = async (id: string) => (await suite.license(id)).modules['financials']?.limits[0];

describe('policies of a deployment', () => {
  it('an override stands in the next license at once, with its audit row, and is gone when it is taken back', async () => {
    const { deploymentId: id, tenantId } = await suite.tenant();
    const body = { cap: '20', strategy: 'soft_warning', reason: 'pilot' };
    expect(await put(id, 'overrides/financials/api_calls', body)).toMatchObject({
      status: 200,
      body: { overrides: [{ module: 'financials', meter: 'api_calls', cap: '20', actor: 'admin', until: null }] },
    });
    expect(await limit(id)).toMatchObject({ cap: '20', strategy: 'soft_warning' });
    expect((await suite.license(id)).version).toBe(2);
    expect(await suite.admin.get(`/api/v1/audit?action=override.set&tenantId=${tenantId}`)).toMatchObject({
      body: { data: [{ objectId: id, reason: 'pilot', after: { cap: '20' } }] },
    });
    expect(await remove(id, 'overrides/financials/api_calls')).toMatchObject({ status: 200, body: { overrides: [] } });
    expect(await limit(id)).toMatchObject({ cap: '100000', strategy: 'hard_block' });
    expect(await remove(id, 'overrides/financials/api_calls')).toMatchObject({ status: 404 });
  });

  it('the audit names what held before for this very limit', async () => {
    const { deploymentId: id, tenantId } = await suite.tenant();
    await put(id, 'overrides/financials/api_calls', { cap: '1', reason: 'a' });
    await put(id, 'overrides/financials/storage_gb', { cap: '2', reason: 'b' });
    await put(id, 'overrides/financials/api_calls', { cap: '3', reason: 'c' });
    expect(await suite.admin.get(`/api/v1/audit?action=override.set&tenantId=${tenantId}`)).toMatchObject({
      body: { data: [{ before: { meter: 'api_calls', cap: '1' } }, { before: null }, { before: null }] },
    });
  });

  it('history is append-only, by SQL either', async () => {
    const { deploymentId: id } = await suite.tenant();
    await put(id, 'overrides/financials/api_calls', { cap: '1', reason: 'a' });
    await put(id, 'overrides/financials/api_calls', { cap: '2', reason: 'b' });
    expect(
      await suite.postgres.query('SELECT cap FROM override_event WHERE deployment_id = $1 ORDER BY id', [id]),
    ).toEqual([{ cap: '1' }, { cap: '2' }]);
    for (const sql of ['DELETE FROM override_event', `UPDATE override_event SET cap = '9'`]) {
      await expect(suite.postgres.query(sql)).rejects.toThrow(/refused on override_event/);
    }
  });

  it('a module that is switched off leaves the license, and comes back; switched twice it says nothing new', async () => {
    const { deploymentId: id } = await suite.tenant();
    await put(id, 'modules/financials', { enabled: false });
    expect((await suite.license(id)).modules).not.toHaveProperty('financials');
    await remove(id, 'modules/financials');
    expect((await suite.license(id)).version).toBe(2);
    const answer = await put(id, 'modules/financials', { enabled: true });
    expect(answer.body).toMatchObject({ moduleEvents: [{ enabled: false }, { enabled: true }], disabledModules: [] });
    expect((await suite.license(id)).modules).toHaveProperty('financials');
    // What an add-on grants can be switched off too.
    expect(await put(id, 'modules/storage', { enabled: false })).toMatchObject({ status: 200 });
  });

  it('a flag of the deployment stands above that of its plan', async () => {
    const { deploymentId: id } = await suite.tenant();
    expect((await suite.license(id)).featureFlags).toEqual({ beta_reports: true });
    await put(id, 'flags/beta_reports', { enabled: false, reason: 'unstable' });
    await put(id, 'flags/new_search', { enabled: true, reason: 'pilot' });
    expect((await suite.license(id)).featureFlags).toEqual({ beta_reports: false, new_search: true });
    await remove(id, 'flags/beta_reports');
    expect((await suite.license(id)).featureFlags).toEqual({ beta_reports: true, new_search: true });
  });

  const refused: [why: string, path: string, body: unknown, status: number, code: string][] = [
    ['a module that the plan lacks', 'modules/search', { enabled: true }, 422, 'POLICY.MODULE_NOT_IN_PLAN'],
    ['an override of a module that the plan lacks', 'overrides/search/api_calls', { cap: '1', reason: 'x' }, 422, 'POLICY.MODULE_NOT_IN_PLAN'],
    ['an unknown meter', 'overrides/financials/unknown', { cap: '1', reason: 'x' }, 422, 'POLICY.OVERRIDE_INVALID'],
    ['an override that says nothing', 'overrides/financials/api_calls', { reason: 'x' }, 422, 'POLICY.OVERRIDE_INVALID'],
    ['a negative cap', 'overrides/financials/api_calls', { cap: '-1', reason: 'x' }, 422, 'POLICY.OVERRIDE_INVALID'],
    ['a cap that is no number', 'overrides/financials/api_calls', { cap: 'all', reason: 'x' }, 422, 'POLICY.OVERRIDE_INVALID'],
    ['throttle without a rate', 'overrides/financials/api_calls', { strategy: 'throttle', reason: 'x' }, 422, 'POLICY.OVERRIDE_INVALID'],
    ['an end that has passed', 'overrides/financials/api_calls', { cap: '1', reason: 'x', until: startAt }, 422, 'POLICY.UNTIL_PAST'],
    ['no reason', 'overrides/financials/api_calls', { cap: '1' }, 400, 'REQUEST.INVALID'],
    ['an unknown key', 'modules/financials', { enabled: true, x: 1 }, 400, 'REQUEST.INVALID'],
    ['a flag that is no code', 'flags/..%2Fx', { enabled: true, reason: 'x' }, 422, 'POLICY.FLAG_INVALID'],
    ['an unknown strategy', 'overrides/financials/api_calls', { strategy: 'maybe', reason: 'x' }, 400, 'REQUEST.INVALID'],
  ]; // prettier-ignore
  it.each(refused)('refuses %s and signs nothing', async (_why, path, body, status, code) => {
    const { deploymentId: id } = await suite.tenant();
    expect(await put(id, path, body)).toMatchObject({ status, body: { code } });
    expect((await suite.license(id)).version).toBe(1);
  });

  it('another tenant’s policy is not found, and only an administrator changes one', async () => {
    const { deploymentId: id } = await suite.tenant();
    const other = new ServiceClient(suite.core.url, { clientId: 'other', clientSecret: 'other' });
    expect(await other.get(`/api/v1/deployments/${id}/policy`)).toMatchObject({ status: 404 });
    expect(await other.put(`/api/v1/deployments/${id}/modules/financials`, { enabled: false })).toMatchObject({
      status: 403,
    });
  });

  it('an override ends at its instant: the license is signed again then, by the Clock alone', async () => {
    const { deploymentId: id } = await suite.tenant();
    await put(id, 'overrides/financials/api_calls', { cap: '20', reason: 'pilot', until: '2026-04-10T12:00:00Z' });
    await put(id, 'flags/new_search', { enabled: true, reason: 'pilot', until: '2026-04-10T13:00:00Z' });
    expect(await limit(id)).toMatchObject({ cap: '20' });
    suite.core.setClock('2026-04-10T12:00:01.000Z');
    await waitFor('the plan’s own limit', async () => (await limit(id))?.cap === '100000');
    expect((await suite.license(id)).featureFlags).toHaveProperty('new_search', true);
    suite.core.setClock('2026-04-10T13:00:01.000Z');
    await waitFor('the end of the flag', async () => !('new_search' in (await suite.license(id)).featureFlags));
  });
});
