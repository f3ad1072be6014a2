import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { windowsDigest } from '@biplane/contracts';
import { orThrow, parseDeploymentId, parseHomeId, parseMeterCode, parseRegionCode, uuidv7 } from '@biplane/kernel';
import type { UnitOfWork } from '@biplane/service-kit';
import { testPostgres, testUnitOfWork, type TestPostgres } from '@biplane/testing';
import { hourOf } from '@biplane/billing-calendar';
import { UsageStore, type CountedWindow } from './usage.store.js';

const now = new Date('2026-04-10T12:30:00Z');
const period = { from: new Date('2026-04-01T00:00:00Z'), to: new Date('2026-05-01T00:00:00Z') };
const store = new UsageStore();
let postgres: TestPostgres;
let unitOfWork: UnitOfWork;

beforeAll(async () => {
  postgres = await testPostgres('core');
  unitOfWork = await testUnitOfWork('core', postgres.url);
});
afterAll(async () => {
  await unitOfWork?.close();
  await postgres?.drop();
});

const newId = () => uuidv7(now, Buffer.from(randomUUID().replaceAll('-', ''), 'hex'));

/** One deployment on one home, of its own for each test. */
function scene() {
  const deploymentId = orThrow(parseDeploymentId(newId()));
  const homeId = orThrow(parseHomeId(newId()));
  const tenantId = newId();
  const window = (over: Partial<CountedWindow> = {}): CountedWindow => {
    const windowStart = over.windowStart ?? new Date('2026-04-10T11:00:00Z');
    return {
      tenantId,
      deploymentId,
      meter: orThrow(parseMeterCode('droplet_hours')),
      aggregation: 'sum',
      windowStart,
      windowEnd: hourOf(windowStart).to,
      hour: hourOf(windowStart).from,
      homeId,
      incarnation: 1,
      revision: 1,
      quantity: '3',
      closed: false,
      licenseVersion: 4,
      ...over,
    };
  };
  const raise = (...windows: CountedWindow[]) =>
    unitOfWork.run((tx) => store.raise(tx, windows, windows.map(newId), now));
  const totals = () =>
    postgres.query<{ meter: string; quantity: string; licenseVersion: number | null }>(
      `SELECT meter, trim_scale(quantity)::text AS quantity, license_version AS "licenseVersion"
         FROM usage_window WHERE deployment_id = $1 ORDER BY meter, window_start, home_id, incarnation`,
      [deploymentId],
    );
  const history = () =>
    postgres.query<{ revision: string; quantity: string }>(
      'SELECT revision, trim_scale(quantity)::text AS quantity FROM tenant_usage_metric WHERE deployment_id = $1 ORDER BY revision',
      [deploymentId],
    );
  return { deploymentId, homeId, window, raise, totals, history };
}

describe('windows in PostgreSQL', () => {
  it('A3: the same window again, and an older one, change nothing', async () => {
    const { window, raise, totals } = scene();
    await raise(window({ revision: 5, quantity: '12.500' }));
    await raise(window({ revision: 5, quantity: '99' }));
    await raise(window({ revision: 4, quantity: '1' }));
    expect(await totals()).toMatchObject([{ meter: 'droplet_hours', quantity: '12.5', licenseVersion: 4 }]);
  });

  it('each source counts for itself: another incarnation of the home adds, it does not replace', async () => {
    const { window, raise, totals } = scene();
    await raise(window(), window({ incarnation: 2, quantity: '0.25' }));
    expect((await totals()).map(({ quantity }) => quantity)).toEqual(['3', '0.25']);
  });

  it('a window that is closed enters the history at its close and at each later revision, once', async () => {
    const { window, raise, history } = scene();
    await raise(window({ revision: 1 }));
    await raise(window({ revision: 2, closed: true, quantity: '4' }));
    await raise(window({ revision: 2, closed: true, quantity: '4' }));
    await raise(window({ revision: 3, closed: true, quantity: '5' }));
    expect(await history()).toEqual([
      { revision: '2', quantity: '4' },
      { revision: '3', quantity: '5' },
    ]);
  });

  it('the history cannot be changed or deleted, by SQL either', async () => {
    const { window, raise, deploymentId } = scene();
    await raise(window({ closed: true }));
    for (const sql of ['UPDATE tenant_usage_metric SET quantity = 0', 'DELETE FROM tenant_usage_metric']) {
      await expect(postgres.query(`${sql} WHERE deployment_id = $1`, [deploymentId])).rejects.toThrow('append-only');
    }
    await expect(postgres.query('TRUNCATE tenant_usage_metric')).rejects.toThrow('append-only');
  });

  it('the largest quantity and the smallest share of one come back to the digit', async () => {
    const { window, raise, totals } = scene();
    await raise(window({ quantity: '999999999999999999.999999999999' }));
    expect((await totals())[0]?.quantity).toBe('999999999999999999.999999999999');
  });

  it('sixteen consumers that raise the same windows in different orders end at the highest revision', async () => {
    const { window, raise, totals } = scene();
    const hours = Array.from({ length: 24 }, (_, hour) => new Date(Date.UTC(2026, 3, 9, hour)));
    const turns = Array.from({ length: 16 }, (_, turn) =>
      hours.map((windowStart) => window({ windowStart, revision: turn + 1, quantity: String(turn + 1) })),
    );
    await Promise.all(turns.map((windows, turn) => raise(...(turn % 2 === 0 ? windows : [...windows].reverse()))));
    expect((await totals()).map(({ quantity }) => quantity)).toEqual(hours.map(() => '16'));
  });
});

describe('closes in PostgreSQL', () => {
  const hour = hourOf(new Date('2026-04-10T11:00:00Z')).from;
  const region = orThrow(parseRegionCode('eu-1'));

  it('a lower revision of a close changes nothing; a higher one has to be compared again', async () => {
    const { homeId } = scene();
    const said = { windows: 0, digest: windowsDigest([]), closedAt: null };
    const close = { homeId, incarnation: 1, hour, region, revision: 2, ...said };
    const at = { homeId, incarnation: 1, hour };
    await unitOfWork.run((tx) => store.recordCloses(tx, [close], now));
    await unitOfWork.run((tx) => store.markCompleteness(tx, [{ ...at, complete: true }]));
    await unitOfWork.run((tx) => store.recordCloses(tx, [{ ...close, revision: 1, windows: 7 }], now));
    const [kept] = await store.closesBetween(unitOfWork.reader, [homeId], period);
    expect(kept).toMatchObject({ homeId, region, complete: true });
    await unitOfWork.run((tx) => store.recordCloses(tx, [{ ...close, revision: 3, windows: 1 }], now));
    const [raised] = await unitOfWork.run((tx) => store.lockCloses(tx, [at]));
    expect(raised).toMatchObject({ revision: 3, windows: 1 });
    expect((await store.closesBetween(unitOfWork.reader, [homeId], period))[0]?.complete).toBe(false);
  });

  it('what is held of an hour has the digest of what the home counted, whatever the padding', async () => {
    const { homeId, window, raise } = scene();
    await raise(window({ quantity: '3.500' }), window({ windowStart: new Date('2026-04-10T12:00:00Z') }));
    const held = await store.windowsOfHours(unitOfWork.reader, [{ homeId, incarnation: 1, hour }]);
    expect(windowsDigest(held)).toBe(windowsDigest([{ ...window(), quantity: '3.5' }]));
  });

  it('a record that is quarantined twice stands there once', async () => {
    const { homeId } = scene();
    const entry = {
      region,
      recordType: 'UsageWindow',
      recordHash: homeId,
      reason: 'METER_UNKNOWN',
      detail: 'x',
      record: { a: 1 },
    };
    for (let turn = 0; turn < 2; turn += 1) {
      await unitOfWork.run((tx) => store.quarantine(tx, [{ ...entry, id: newId() }], now));
    }
    const rows = await postgres.query('SELECT record FROM usage_quarantine WHERE record_hash = $1', [homeId]);
    expect(rows).toEqual([{ record: { a: 1 } }]);
  });
});
