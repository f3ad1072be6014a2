import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { hourOf } from '@biplane/billing-calendar';
import { windowsDigest } from '@biplane/contracts';
import { orThrow, parseDeploymentId, parseMeterCode, parseRegionCode } from '@biplane/kernel';
import { ServiceClient, waitFor } from '@biplane/testing';
import { billingRig, type BillingRig } from '../../testing/billing-rig.js';
import { meters } from '../../testing/scenario.js';
import type { UsageWindowTotal } from './domain/window.js';
import { UsageIntake } from './usage-intake.service.js';

const region = orThrow(parseRegionCode('eu-1'));
const route = '/api/v1/admin/usage/quarantine';
let rig: BillingRig;
let admin: ServiceClient;
let deploymentId: string;
let tenantId: string;

beforeAll(async () => {
  rig = await billingRig('2026-03-31T14:00:00.000Z', { reader: ['platform:read'], submitter: ['usage:submit'] });
  ({ admin } = rig);
  ({ tenantId, deploymentId } = await rig.tenant({}));
  await rig.at('2026-04-10T12:30:00.000Z');
});
afterAll(() => rig?.close());

function window(start: string, over: Partial<UsageWindowTotal> = {}): UsageWindowTotal {
  const { from, to } = hourOf(new Date(start));
  return {
    deploymentId: orThrow(parseDeploymentId(deploymentId)),
    meter: orThrow(parseMeterCode('droplet_hours')),
    aggregation: 'sum',
    windowStart: from,
    windowEnd: to,
    homeId: rig.homeId,
    incarnation: 1,
    revision: 1,
    quantity: '7',
    closed: true,
    licenseVersion: 1,
    ...over,
  };
}

/** Reports windows that are refused, with the close of their hour; answers the ids under which they stand aside. */
async function aside(...windows: UsageWindowTotal[]): Promise<string[]> {
  const hour = hourOf(windows[0]!.windowStart).from;
  const close = {
    homeId: rig.homeId,
    incarnation: 1,
    hour,
    region,
    revision: 1,
    windows: windows.length,
    closedAt: null,
  };
  const closes = [{ ...close, digest: windowsDigest(windows) }];
  await rig.core.app.get(UsageIntake).take({ region, windows, closes, limitEvents: [], other: [] });
  const rows = await rig.postgres.query<{ id: string }>(
    `SELECT id FROM usage_quarantine WHERE (record->>'windowStart')::timestamptz >= $1 AND (record->>'windowStart')::timestamptz < $1::timestamptz + interval '1 hour'`,
    [hour],
  );
  return rows.map(({ id }) => id);
}

const decide = (id: string, verb: string, reason = 'checked with the home') =>
  admin.post(`${route}/${id}/${verb}`, { reason });
const missing = async (hour: string) => {
  const report = await admin.expect(200, 'GET', `/api/v1/admin/usage/completeness?period=2026-04&tenantId=${tenantId}`);
  return (report as { missing: { hour: string }[] }).missing.some((entry) => entry.hour === hour);
};
const totals = () =>
  rig.postgres.query(
    'SELECT meter, trim_scale(quantity)::text AS q FROM usage_window WHERE deployment_id = $1 ORDER BY 1',
    [deploymentId],
  );

describe('a quarantined record', () => {
  it('that is released is counted as if it had come in time, once, and holds no bill any more', async () => {
    const hour = '2026-04-01T03:00:00.000Z';
    const [id] = await aside(window(hour, { meter: orThrow(parseMeterCode('gpu_hours')) }));
    expect(await missing(hour)).toBe(true);
    expect(await decide(id!, 'release')).toMatchObject({
      status: 422,
      body: { code: 'QUARANTINE.STILL_REFUSED', reason: 'METER_UNKNOWN' },
    });
    expect(await totals()).toEqual([]);

    await admin.expect(201, 'POST', '/api/v1/catalog/meters', { ...meters[0], meter: 'gpu_hours', name: 'GPU hours' });
    const released = { status: 200, body: { id, resolution: { state: 'released', counted: true, by: 'admin' } } };
    const both = await Promise.all([decide(id!, 'release'), decide(id!, 'release')]);
    expect([...both, await decide(id!, 'release')]).toMatchObject([released, released, released]);
    expect(await totals()).toEqual([{ meter: 'gpu_hours', q: '7' }]);
    expect(await missing(hour)).toBe(false);
    const history = await rig.postgres.query('SELECT 1 FROM tenant_usage_metric WHERE deployment_id = $1', [
      deploymentId,
    ]);
    expect(history).toHaveLength(1);
    const audited = await rig.postgres.query(
      `SELECT action, reason, tenant_id::text AS "tenantId" FROM audit_entry WHERE object_id = $1`,
      [id],
    );
    expect(audited).toEqual([{ action: 'usage_quarantine.released', reason: 'checked with the home', tenantId }]);
    expect(await decide(id!, 'discard')).toMatchObject({ status: 409, body: { code: 'QUARANTINE.DECIDED' } });
  });

  it('that is discarded stays, is never counted, and holds no bill any more', async () => {
    const hour = '2026-04-01T04:00:00.000Z';
    const [id] = await aside(window(hour, { meter: orThrow(parseMeterCode('nobody_knows')) }));
    expect(await missing(hour)).toBe(true);
    expect(await decide(id!, 'discard')).toMatchObject({
      status: 200,
      body: { resolution: { state: 'discarded', counted: false } },
    });
    expect(await missing(hour)).toBe(false);
    expect(await decide(id!, 'discard')).toMatchObject({ status: 200 });
    expect(await decide(id!, 'release')).toMatchObject({ status: 409 });
    // Delivered once more, it stands where it stood.
    await aside(window(hour, { meter: orThrow(parseMeterCode('nobody_knows')) }));
    expect(await missing(hour)).toBe(false);
    expect(await totals()).toEqual([{ meter: 'gpu_hours', q: '7' }]);
  });

  it('that is older than a later revision which counts is released without changing the total', async () => {
    const hour = '2026-04-01T05:00:00.000Z';
    const odd = orThrow(parseMeterCode('odd_hours'));
    const [id] = await aside(window(hour, { meter: odd }));
    await admin.expect(201, 'POST', '/api/v1/catalog/meters', { ...meters[0], meter: 'odd_hours', name: 'Odd hours' });
    await aside(window(hour, { meter: odd, revision: 2, quantity: '9' }));
    expect(await decide(id!, 'release')).toMatchObject({ status: 200, body: { resolution: { counted: false } } });
    expect(await totals()).toContainEqual({ meter: 'odd_hours', q: '9' });
  });

  it('C12: that a home away for more than 35 days reports is released for its age alone', async () => {
    const hour = '2026-04-01T06:00:00.000Z';
    await rig.at('2026-05-20T00:00:00.000Z');
    const [id] = await aside(window(hour));
    expect(await admin.get(`${route}/${id}`)).toMatchObject({
      body: { reason: 'WINDOW_TOO_OLD', resolution: null, tenantId },
    });
    expect(await decide(id!, 'release', 'the home was cut off')).toMatchObject({ status: 200 });
    expect(await totals()).toContainEqual({ meter: 'droplet_hours', q: '7' });
  });

  it('that is a gauge is released with the instant of its reading', async () => {
    const hour = '2026-04-01T08:00:00.000Z';
    const lastAt = new Date('2026-04-01T08:40:00.000Z');
    const [id] = await aside(
      window(hour, { meter: orThrow(parseMeterCode('storage_gb')), aggregation: 'last', lastAt }),
    );
    expect(await decide(id!, 'release')).toMatchObject({ status: 200, body: { resolution: { counted: true } } });
    const [held] = await rig.postgres.query<{ at: Date }>(
      `SELECT last_event_at AS at FROM usage_window WHERE deployment_id = $1 AND meter = 'storage_gb'`,
      [deploymentId],
    );
    expect(held?.at).toEqual(lastAt);
  });

  it('is found by reason, tenant, deployment, region, type and state, page by page', async () => {
    const found = async (query: string) => {
      const { data } = (await admin.expect(200, 'GET', `${route}?${query}`)) as { data: { reason: string }[] };
      return data.map(({ reason }) => reason);
    };
    const everything = await found('limit=200');
    expect(everything).toEqual([...Array(2).fill('WINDOW_TOO_OLD'), ...Array(3).fill('METER_UNKNOWN')]);
    expect(await found('reason=WINDOW_TOO_OLD')).toEqual(['WINDOW_TOO_OLD', 'WINDOW_TOO_OLD']);
    expect(await found('state=discarded')).toEqual(['METER_UNKNOWN']);
    expect(await found('state=open')).toEqual([]);
    expect(await found(`tenantId=${tenantId}&region=eu-1&type=UsageWindow&deploymentId=${deploymentId}`)).toEqual(
      everything,
    );
    expect([await found(`tenantId=${randomUUID()}`), await found(`deploymentId=${randomUUID()}`)]).toEqual([[], []]);
    const first = (await admin.expect(200, 'GET', `${route}?limit=4`)) as { page: { nextCursor: string } };
    expect(await found(`limit=4&cursor=${first.page.nextCursor}`)).toEqual(['METER_UNKNOWN']);
  });

  it('is shown to readers, decided by admins, and no route takes what it does not know', async () => {
    const [id] = await aside(window('2026-04-01T07:00:00.000Z', { meter: orThrow(parseMeterCode('strange_hours')) }));
    const reader = new ServiceClient(rig.core.url, { clientId: 'reader', clientSecret: 'reader' });
    const submitter = new ServiceClient(rig.core.url, { clientId: 'submitter', clientSecret: 'submitter' });
    expect([
      (await reader.get(`${route}/${id}`)).status,
      (await reader.post(`${route}/${id}/release`, { reason: 'x' })).status,
      (await submitter.get(route)).status,
      (await admin.get(`${route}?colour=red`)).status,
      (await admin.post(`${route}/${id}/discard`, {})).status,
      (await admin.post(`${route}/${randomUUID()}/release`, { reason: 'x' })).status,
      (await decide(id!, 'release')).status,
    ]).toEqual([200, 403, 403, 400, 400, 404, 422]);
  });

  it('A11: is counted by a metric while nobody has decided of it', async () => {
    await waitFor(
      'the count',
      async () => {
        const metrics = await (await fetch(`${rig.core.url}/metrics`)).text();
        return metrics.includes('usage_quarantine_open_records{reason="METER_UNKNOWN"} 1');
      },
      { deadlineMs: 60_000 },
    );
  });
});
