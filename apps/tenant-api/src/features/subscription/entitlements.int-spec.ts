import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RunningHome } from '../../testing/running-home.js';
import { licensedFor } from '../../testing/billing-scene.js';

let home: RunningHome;

beforeAll(async () => {
  home = await RunningHome.start('2026-03-01T10:00:00.000Z');
});
afterAll(async () => {
  await home?.close();
});

describe('the entitlements of a member', () => {
  it('are those of the license of its own deployment, and of the next one once it is here', async () => {
    const [mine, other] = [await home.deployment(licensedFor('statement_runs')), await home.deployment(licensedFor())];
    const read = async (of: typeof mine) => (await home.member(of, 'member')).expect(200, 'GET', '/public/entitlements');
    const keys = (shown: unknown) =>
      (shown as { modules: { features: { key: string }[] }[] }).modules.flatMap(({ features }) => features.map(({ key }) => key));
    const shown = await read(mine);
    expect(shown).toMatchObject({ deploymentId: mine.deploymentId, state: 'active', licenseVersion: 1 });
    expect(keys(shown)).toEqual(['financials:ledger', 'financials:statement_runs', 'members:records']);
    expect(keys(await read(other))).toEqual(['financials:ledger', 'members:records']);
    await home.license(mine, { ...licensedFor(), status: 'suspended' });
    expect(await mine.admin.expect(200, 'GET', '/public/entitlements')).toMatchObject({
      state: 'suspended',
      licenseVersion: 2,
      modules: [{ features: [{ key: 'financials:ledger', isAllowed: false, code: 'LICENSE.SUSPENDED' }] }, { module: 'members' }],
    });
  }); // prettier-ignore

  it('are told to nobody who is not signed in, and take no query', async () => {
    const mine = await home.deployment(licensedFor());
    const stranger = await fetch(new URL('/public/entitlements', mine.admin.url));
    expect(stranger.status).toBe(401);
    expect(await mine.admin.send('GET', '/public/entitlements?all=true')).toMatchObject({ status: 400 });
  });
});
