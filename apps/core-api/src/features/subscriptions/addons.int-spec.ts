import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { checkInvariants, ServiceClient } from '@biplane/testing';
import { coreSuite, type CoreSuite } from '../../testing/core-suite.js';
import { storageAddon } from '../../testing/scenario.js';

interface Shown {
  readonly addons: readonly {
    readonly code: string;
    readonly units: string;
    readonly attachedAt: string;
    readonly detachedAt: string | null;
  }[];
}
let suite: CoreSuite;

beforeAll(async () => {
  suite = await coreSuite({
    startAt: '2026-04-10T10:00:00.000Z',
    clients: { other: [`tenant:${randomUUID()}`], reader: ['platform:read'] },
  });
  const grants = [{ module: 'connectors', meter: 'records', addToCap: '10' }];
  await suite.admin.expect(201, 'POST', '/api/v1/catalog/meters', {
    meter: 'records', name: 'Records', unit: 'record', aggregation: 'last', authority: 'data',
  }); // prettier-ignore
  await suite.admin.expect(201, 'POST', '/api/v1/catalog/addons', {
    ...storageAddon, code: 'connectors', name: 'Connectors', resourceKind: 'connectors', grants,
    price: { kind: 'per_unit', unitPrice: '3.00' },
  }); // prettier-ignore
  await suite.admin.expect(201, 'POST', '/api/v1/catalog/addons', {
    ...storageAddon,
    code: 'in_euro',
    currency: 'EUR',
  });
});
afterAll(async () => {
  await checkInvariants(suite.postgres.url);
  await suite?.close();
});

const path = (id: string, code = '') => `/api/v1/deployments/${id}/addons${code && `/${code}`}`;
const attach = (id: string, body: unknown, headers?: Record<string, string>) =>
  suite.admin.post(path(id), body, headers);
const capOf = async (id: string) => (await suite.license(id)).modules['connectors']?.limits[0]?.cap;

describe('add-ons', () => {
  it('attached, changed in quantity and detached, each with its license, its audit row and its event', async () => {
    const { deploymentId: id, tenantId } = await suite.tenant();
    expect(await attach(id, { code: 'connectors', quantity: '2' })).toMatchObject({ status: 201 });
    expect([await capOf(id), (await suite.license(id)).version]).toEqual(['20', 2]);
    const set = await suite.admin.put(path(id, 'connectors'), { quantity: '3' });
    expect([set.status, await capOf(id), (await suite.license(id)).version]).toEqual([200, '30', 3]);
    await suite.admin.put(path(id, 'connectors'), { quantity: '3' });
    expect((await suite.license(id)).version).toBe(3);
    const gone = await suite.admin.send('DELETE', path(id, 'connectors'));
    expect(gone.status).toBe(200);
    expect([await capOf(id), (await suite.license(id)).version]).toEqual([undefined, 4]);
    // What was stays known, and the stretches follow each other without a gap.
    const [first, second] = (gone.body as Shown).addons.filter(({ code }) => code === 'connectors');
    expect([first, second]).toMatchObject([{ units: '2' }, { units: '3' }]);
    expect(first!.detachedAt).toBe(second!.attachedAt);
    expect(second!.detachedAt! > second!.attachedAt).toBe(true);
    expect(await suite.events('subscription.tenant.changed', id)).toMatchObject([
      { direction: 'lateral' }, { direction: 'lateral' }, { direction: 'lateral' },
    ]); // prettier-ignore
    for (const action of ['addon.attached', 'addon.quantity_set', 'addon.detached']) {
      const audit = await suite.admin.get(`/api/v1/audit?action=${action}&tenantId=${tenantId}`);
      expect((audit.body as { data: unknown[] }).data).toHaveLength(1);
    }
  });

  it('what was sold stays what was sold, by SQL either', async () => {
    const { deploymentId: id } = await suite.tenant();
    await attach(id, { code: 'connectors' });
    await suite.admin.send('DELETE', path(id, 'connectors'));
    const where = `WHERE addon_code = 'connectors' AND detached_at IS NOT NULL`;
    for (const sql of [
      `UPDATE subscription_addon SET detached_at = NULL ${where}`,
      `UPDATE subscription_addon SET detached_at = detached_at + interval '1 day' ${where}`,
      `UPDATE subscription_addon SET addon_code = 'x' WHERE detached_at IS NULL`,
      `UPDATE subscription_addon SET price_minor = 1 WHERE detached_at IS NULL`,
      `DELETE FROM subscription_addon ${where}`,
    ]) {
      await expect(suite.postgres.query(sql)).rejects.toThrow(/refused on subscription_addon|is immutable/);
    }
  });

  it('attached twice at once it is attached once; the same key gives the same answer', async () => {
    const { deploymentId: id } = await suite.tenant();
    const answers = await Promise.all([1, 2, 3].map(() => attach(id, { code: 'connectors' })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 422, 422]);
    const { deploymentId: other } = await suite.tenant();
    const key = { 'idempotency-key': randomUUID() };
    const [first, again] = [
      await attach(other, { code: 'connectors' }, key),
      await attach(other, { code: 'connectors' }, key),
    ];
    expect([first.status, again.status, again.body]).toEqual([201, 201, first.body]);
    expect((await suite.license(other)).version).toBe(2);
  });

  const refused: [why: string, body: unknown, status: number, code: string][] = [
    ['an unknown add-on', { code: 'nothing' }, 422, 'CATALOG.ADDON_UNKNOWN'],
    ['what is attached', { code: 'storage_50gb' }, 422, 'SUBSCRIPTION.ADDON_ATTACHED'],
    ['another currency', { code: 'in_euro' }, 422, 'SUBSCRIPTION.CURRENCY_MISMATCH'],
    ['none of it', { code: 'connectors', quantity: '0' }, 422, 'SUBSCRIPTION.QUANTITY_INVALID'],
    ['less than none', { code: 'connectors', quantity: '-1' }, 422, 'SUBSCRIPTION.QUANTITY_INVALID'],
    ['a quantity that is no decimal', { code: 'connectors', quantity: '1e3' }, 422, 'SUBSCRIPTION.QUANTITY_INVALID'],
    ['a quantity that is no text', { code: 'connectors', quantity: 2 }, 400, 'REQUEST.INVALID'],
    ['a price of one’s own', { code: 'connectors', price: '0' }, 400, 'REQUEST.INVALID'],
    ['a code that is none', { code: '../x' }, 400, 'REQUEST.INVALID'],
  ];
  it.each(refused)('refuses %s and signs nothing', async (_why, body, status, code) => {
    const { deploymentId: id } = await suite.tenant();
    expect(await attach(id, body)).toMatchObject({ status, body: { code } });
    expect((await suite.license(id)).version).toBe(1);
  });

  it('only an administrator changes them; what is not there is not found, and what has ended takes none', async () => {
    const { deploymentId: id } = await suite.tenant();
    for (const client of ['other', 'reader']) {
      const as = new ServiceClient(suite.core.url, { clientId: client, clientSecret: client });
      expect((await as.post(path(id), { code: 'connectors' })).status).toBe(403);
      expect((await as.put(path(id, 'storage_50gb'), { quantity: '2' })).status).toBe(403);
      expect((await as.send('DELETE', path(id, 'storage_50gb'))).status).toBe(403);
    }
    expect((await attach(randomUUID(), { code: 'connectors' })).status).toBe(404);
    expect((await suite.admin.send('DELETE', path(id, 'connectors'))).body).toMatchObject({
      code: 'SUBSCRIPTION.ADDON_NOT_ATTACHED',
    });
    await suite.admin.expect(200, 'POST', `/api/v1/deployments/${id}/transition`, { to: 'cancelled', reason: 'x' });
    expect(await attach(id, { code: 'connectors' })).toMatchObject({
      status: 422,
      body: { code: 'SUBSCRIPTION.ENDED' },
    });
  });
});
