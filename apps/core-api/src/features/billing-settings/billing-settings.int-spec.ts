import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ServiceClient } from '@biplane/testing';
import { UnitOfWork } from '@biplane/service-kit';
import { coreSuite, type CoreSuite } from '../../testing/core-suite.js';
import { runCore } from '../../testing/running-core.js';
import { BillingSettings } from './index.js';

let suite: CoreSuite;

beforeAll(async () => {
  suite = await coreSuite({ startAt: '2026-04-10T12:00:00Z' });
});
afterAll(() => suite?.close());

const path = (tenantId: string) => `/api/v1/tenants/${tenantId}/billing-settings`;
const body = {
  currency: 'USD', timeZone: 'Australia/Brisbane', country: 'AU', taxId: null, payByInvoice: true, autoInvoice: true,
  autoReminders: true, locale: 'en-AU',
}; // prettier-ignore
const personal = {
  taxId: 'ABN 51 824 753 556',
  taxIdValid: true,
  address: ['1 Hangar Lane', 'Brisbane QLD 4000'],
  email: 'accounts@acme.example',
  paymentMethod: 'pm_1NqX2sLkdIwHu7ix',
};
const put = (tenantId: string, over: Record<string, unknown>) => suite.admin.put(path(tenantId), { ...body, ...over });
const versionsOf = (tenantId: string) =>
  suite.postgres.query<Record<string, unknown>>(
    'SELECT * FROM billing_settings_version WHERE tenant_id = $1 ORDER BY version',
    [tenantId],
  );

describe('billing settings', () => {
  it('begin with the tenant, and each change is a version for ever', async () => {
    const { tenantId } = await suite.tenant();
    expect(await suite.admin.expect(200, 'GET', path(tenantId))).toMatchObject({
      ...body, version: 1, nextTimeZone: null, autoInvoice: true, autoReminders: true, dueDays: 14, discounts: [], address: null,
    }); // prettier-ignore
    const discounts = [{ kind: 'percent', rate: '0.10', description: 'pilot', from: '2026-04-01', to: null }];
    const changed = await put(tenantId, { ...personal, dueDays: 30, discounts });
    expect(changed).toMatchObject({ status: 200, body: { version: 2, dueDays: 30, discounts, ...personal } });
    expect(await put(tenantId, { ...personal, dueDays: 30, discounts })).toMatchObject({ body: { version: 2 } });
    expect(await put(tenantId, {})).toMatchObject({ body: { version: 3, taxId: null, dueDays: 14, discounts: [] } });
    expect((await versionsOf(tenantId)).map(({ version }) => version)).toEqual([1, 2, 3]);
    const update = `UPDATE billing_settings_version SET due_days = 1 WHERE tenant_id = '${tenantId}'`;
    await expect(suite.postgres.query(update)).rejects.toThrow('does not change');
    await expect(suite.postgres.query('DELETE FROM billing_settings_version')).rejects.toThrow('does not change');
  });

  it('are sealed where they are personal, and the audit holds none of that', async () => {
    const { tenantId } = await suite.tenant();
    await put(tenantId, personal);
    const head = await suite.postgres.query('SELECT * FROM tenant_billing WHERE tenant_id = $1', [tenantId]);
    const audit = await suite.admin.expect(
      200,
      'GET',
      `/api/v1/audit?action=billing_settings.replaced&objectId=${tenantId}`,
    );
    const resting = JSON.stringify([await versionsOf(tenantId), head, audit]);
    for (const secret of ['824 753', 'Hangar', 'accounts@', 'pm_1Nq']) expect(resting).not.toContain(secret);
    expect(audit).toMatchObject({ data: [{ after: { version: 2, personalChanged: true } }] });
  });

  it('another zone holds from the next month on; the running one is not cut anew', async () => {
    const { tenantId } = await suite.tenant();
    const changed = await put(tenantId, { timeZone: 'pacific/honolulu' });
    expect(changed).toMatchObject({
      status: 200,
      body: { timeZone: 'Australia/Brisbane', nextTimeZone: { fromMonth: '2026-05', timeZone: 'Pacific/Honolulu' } },
    });
    const settings = suite.core.app.get(BillingSettings, { strict: false });
    const reader = suite.core.app.get(UnitOfWork, { strict: false }).reader;
    const zone = async (month: string) => (await settings.ofMonth(reader, [tenantId], month)).get(tenantId)?.timeZone;
    expect([await zone('2026-04'), await zone('2026-05')]).toEqual(['Australia/Brisbane', 'Pacific/Honolulu']);
    expect(await put(tenantId, {})).toMatchObject({ body: { version: 3, nextTimeZone: null } });
    expect(await zone('2026-05')).toBe('Australia/Brisbane');
  });

  it('a past month has the settings that held at its end, whatever is decided since', async () => {
    const { tenantId } = await suite.tenant();
    const settings = suite.core.app.get(BillingSettings, { strict: false });
    const reader = suite.core.app.get(UnitOfWork, { strict: false }).reader;
    const march = async () => JSON.stringify((await settings.ofMonth(reader, [tenantId], '2026-03')).get(tenantId));
    const before = await march();
    await put(tenantId, { ...personal, country: 'NZ', locale: 'en-NZ' });
    expect(await march()).toBe(before);
    expect((await settings.ofMonth(reader, [tenantId, randomUUID()], '2026-04')).get(tenantId)?.country).toBe('NZ');
  });

  it.each<[Record<string, unknown>, number, string]>([
    [{ currency: 'EUR' }, 422, 'BILLING_SETTINGS.CURRENCY_FIXED'],
    [{ paymentMethod: '4242-4242-4242-4242' }, 422, 'BILLING_SETTINGS.CARD_DATA'],
    [{ paymentMethod: 'two words' }, 400, 'REQUEST.INVALID'],
    [{ discounts: [{ kind: 'percent', rate: '2', from: '2026-01-01' }] }, 422, 'BILLING_SETTINGS.INVALID'],
    [
      { discounts: [{ kind: 'percent', rate: '0.1', amount: '1', from: '2026-01-01' }] },
      422,
      'BILLING_SETTINGS.INVALID',
    ],
    [{ discounts: [{ kind: 'amount', from: '2026-01-01' }] }, 400, 'REQUEST.INVALID'],
    [{ discounts: 'all' }, 400, 'REQUEST.INVALID'],
    [{ cardNumber: '4242424242424242' }, 400, 'REQUEST.INVALID'],
    [{ country: 'au' }, 400, 'REQUEST.INVALID'],
    [{ email: 'a@b.example\r\nBcc: all@b.example' }, 400, 'REQUEST.INVALID'],
    [{ address: ['line\nbreak'] }, 400, 'REQUEST.INVALID'],
    [{ dueDays: 10_000 }, 400, 'REQUEST.INVALID'],
  ])('refuse %j with %s %s and keep what holds', async (over, status, code) => {
    const { tenantId } = await suite.tenant();
    expect(await put(tenantId, over)).toMatchObject({ status, body: { code } });
    expect(await versionsOf(tenantId)).toHaveLength(1);
  });

  it('two writers at once leave two versions in order', async () => {
    const { tenantId } = await suite.tenant();
    const answers = await Promise.all([20, 21, 22, 23].map((dueDays) => put(tenantId, { dueDays })));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect((await versionsOf(tenantId)).map(({ version }) => version)).toEqual([1, 2, 3, 4, 5]);
  });

  it('of writers who saw the same settings one edits them, and the others are told that they have changed', async () => {
    const { tenantId } = await suite.tenant();
    const tag = (await suite.admin.get(path(tenantId))).headers.get('etag')!;
    const edit = (dueDays: number) =>
      suite.admin.send('PUT', path(tenantId), { ...body, dueDays }, { 'if-match': tag });
    const answers = await Promise.all([20, 21, 22, 23].map(edit));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412]);
    const now = answers.find(({ status }) => status === 200)!;
    const shown = await suite.admin.get(path(tenantId));
    expect([shown.body, shown.headers.get('etag')]).toEqual([now.body, now.headers.get('etag')]);
    expect(await versionsOf(tenantId)).toHaveLength(2);
  });

  it('F2: a tenant reads its own, sees 404 for those of another, and changes none', async () => {
    const [mine, other] = [await suite.tenant(), await suite.tenant()];
    const owner = randomUUID();
    const core = await runCore({
      databaseUrl: suite.postgres.url,
      regions: ['eu-1'],
      fieldKey: suite.core.fieldKey,
      clients: { [owner]: [`tenant:${mine.tenantId}`] },
    });
    try {
      const own = new ServiceClient(core.url, { clientId: owner, clientSecret: owner });
      expect((await own.get(path(mine.tenantId))).status).toBe(200);
      const answers = [await own.get(path(other.tenantId)), await own.get(path(randomUUID()))];
      for (const answer of answers)
        expect(answer).toMatchObject({ status: 404, body: { code: 'BILLING_SETTINGS.NOT_FOUND' } });
      expect((await own.put(path(mine.tenantId), body)).status).toBe(403);
    } finally {
      await core.close();
    }
    expect((await suite.admin.put(path(randomUUID()), body)).status).toBe(404);
  });
});
