import type { DedicatedHomes } from '../homes/index.js';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { hourOf } from '@biplane/billing-calendar';
import { windowsDigest } from '@biplane/contracts';
import {
  orThrow,
  parseDeploymentId,
  parseHomeId,
  parseMeterCode,
  parseRegionCode,
  uuidv7,
  type DeploymentId,
  type HomeId,
} from '@biplane/kernel';
import { isValueRefused, RandomIds, type UnitOfWork } from '@biplane/service-kit';
import { FakeClock, seededRandom, seedOfRun, testPostgres, testUnitOfWork, type TestPostgres } from '@biplane/testing';
import type { CatalogService } from '../catalog/index.js';
import type { DeploymentsService } from '../deployments/index.js';
import type { RegionsService } from '../regions/index.js';
import type { SubscriptionsService } from '../subscriptions/index.js';
import type { UsageWindowTotal } from './domain/window.js';
import { LimitEvents } from './limit-events.js';
import { UsageIntake, type UsageBatch } from './usage-intake.service.js';
import { UsageService } from './usage.service.js';
import { UsageStore, type HomeCloseRow } from './usage.store.js';

/** No home of this suite is one that could be stopped. */
const NEVER_STOPPED = { stopsDuring: () => Promise.resolve(() => []) } as unknown as DedicatedHomes;
const clock = new FakeClock('2026-04-10T12:30:00Z');
const region = orThrow(parseRegionCode('eu-1'));
const meter = orThrow(parseMeterCode('droplet_hours'));
const start = new Date('2026-04-10T11:00:00Z');
const hour = hourOf(start).from;
const placedAt = new Date('2026-04-01T00:00:00Z');
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

const newId = () => uuidv7(clock.now(), Buffer.from(randomUUID().replaceAll('-', ''), 'hex'));

/**
 * One deployment on one home. What they and the meter are comes from other features, which have suites of their own;
 * here they answer from memory, and everything that intake itself writes is in PostgreSQL.
 */
function scene() {
  const deploymentId = orThrow(parseDeploymentId(newId()));
  const homeId = orThrow(parseHomeId(newId()));
  const deployment = { tenantId: newId(), region, placements: [{ homeId, from: placedAt, to: null }] };
  const deployments = { findMany: async () => new Map([[deploymentId, deployment]]) };
  const catalog = { meters: async () => [{ meter, aggregation: 'sum', authority: 'data' }] };
  const regions = { home: async (_tx: unknown, id: string) => (id === homeId ? { homeId, region } : null) };
  const subscriptions = { timeZones: async () => new Map([[deploymentId, 'Australia/Brisbane']]) };
  const intake = new UsageIntake(
    unitOfWork,
    new UsageStore(),
    catalog as unknown as CatalogService,
    deployments as unknown as DeploymentsService,
    regions as unknown as RegionsService,
    subscriptions as unknown as SubscriptionsService,
    new LimitEvents(),
    clock,
    new RandomIds(clock),
  );
  const take = (batch: Partial<UsageBatch>) =>
    intake.take({ region, windows: [], closes: [], limitEvents: [], other: [], ...batch });
  return { deploymentId, homeId, take };
}

function window(
  deploymentId: DeploymentId,
  homeId: HomeId,
  revision: number,
  over: Partial<UsageWindowTotal> = {},
): UsageWindowTotal {
  const common = { deploymentId, homeId, meter, aggregation: 'sum', incarnation: 1, licenseVersion: 1 } as const;
  return {
    ...common,
    windowStart: start,
    windowEnd: hourOf(start).to,
    revision,
    quantity: String(revision),
    closed: true,
    ...over,
  };
}

function close(homeId: HomeId, windows: readonly UsageWindowTotal[], revision = 1): HomeCloseRow {
  const said = { windows: windows.length, digest: windowsDigest(windows), closedAt: hourOf(hour).to };
  return { homeId, incarnation: 1, hour, region, revision, ...said };
}

async function isComplete(homeId: HomeId): Promise<boolean | undefined> {
  const [row] = await postgres.query<{ complete: boolean }>('SELECT complete FROM home_close WHERE home_id = $1', [
    homeId,
  ]);
  return row?.complete;
}

describe('what a home reports', () => {
  it('a window and its close that arrive at the same time always end complete', async () => {
    for (let round = 0; round < 20; round += 1) {
      const { deploymentId, homeId, take } = scene();
      const counted = window(deploymentId, homeId, 1);
      await Promise.all([take({ windows: [counted] }), take({ closes: [close(homeId, [counted])] })]);
      expect(await isComplete(homeId)).toBe(true);
    }
  });

  it('A3: every record delivered several times and shuffled ends at the same totals, complete', async () => {
    const seed = seedOfRun();
    const random = seededRandom(seed);
    const { deploymentId, homeId, take } = scene();
    const windows = Array.from({ length: 12 }, (_, index) => window(deploymentId, homeId, index + 1));
    const last = windows.at(-1)!;
    const closes = [close(homeId, [windows[5]!], 1), close(homeId, [last], 2)];
    const batches: Partial<UsageBatch>[] = [...windows, ...windows].map((one) => ({ windows: [one] }));
    batches.push(...closes.map((one) => ({ closes: [one] })), { closes }, { windows, closes });
    batches.sort(() => random() - 0.5);
    for (const batch of batches) await take(batch);
    const totals = await postgres.query(
      'SELECT trim_scale(quantity)::text AS q FROM usage_window WHERE deployment_id = $1',
      [deploymentId],
    );
    expect({ seed, totals, complete: await isComplete(homeId) }).toEqual({
      seed,
      totals: [{ q: '12' }],
      complete: true,
    });
  });

  it('a revision after the close makes the hour incomplete until the next close', async () => {
    const { deploymentId, homeId, take } = scene();
    const [first, late] = [window(deploymentId, homeId, 1), window(deploymentId, homeId, 2)];
    await take({ windows: [first], closes: [close(homeId, [first])] });
    expect(await isComplete(homeId)).toBe(true);
    await take({ windows: [late] });
    expect(await isComplete(homeId)).toBe(false);
    await take({ closes: [close(homeId, [late], 2)] });
    expect(await isComplete(homeId)).toBe(true);
  });

  it('a window that breaks a rule holds back its own tenant, never the others of its home', async () => {
    const { deploymentId, homeId, take } = scene();
    const good = window(deploymentId, homeId, 1);
    const bad = window(deploymentId, homeId, 1, { meter: orThrow(parseMeterCode('nobody_knows')) });
    const other = orThrow(parseDeploymentId(randomUUID()));
    await take({ windows: [good, bad], closes: [close(homeId, [good, bad])] });
    expect(await isComplete(homeId)).toBe(true);

    const usage = new UsageService(new UsageStore(), NEVER_STOPPED);
    const period = hourOf(start);
    const placements = [{ homeId, from: placedAt, to: null }];
    const own = await usage.completeness(unitOfWork.reader, placements, period, [deploymentId]);
    const others = await usage.completeness(unitOfWork.reader, placements, period, [other]);
    expect([own.missing, others.missing]).toEqual([[{ homeId, hour }], []]);
  });

  it('what a stranger reports of a deployment holds nobody back', async () => {
    const { deploymentId, homeId, take } = scene();
    const good = window(deploymentId, homeId, 1);
    const stranger = orThrow(parseHomeId(randomUUID()));
    await take({ windows: [good, window(deploymentId, stranger, 9)], closes: [close(homeId, [good])] });
    const elsewhere = orThrow(parseRegionCode('us-1'));
    await take({ region: elsewhere, windows: [window(deploymentId, homeId, 8)] });
    expect(await isComplete(homeId)).toBe(true);
    const usage = new UsageService(new UsageStore(), NEVER_STOPPED);
    const placements = [{ homeId, from: placedAt, to: null }];
    const { missing } = await usage.completeness(unitOfWork.reader, placements, hourOf(start), [deploymentId]);
    expect(missing).toEqual([]);
  });

  it('a negative quantity can not be what a home closed, and breaks nothing', async () => {
    const { deploymentId, homeId, take } = scene();
    const bad = window(deploymentId, homeId, 1, { quantity: '-1' });
    await take({ windows: [bad], closes: [{ ...close(homeId, []), windows: 1 }] });
    expect(await isComplete(homeId)).toBe(false);
  });

  it('an hour without usage is complete with its close alone', async () => {
    const { homeId, take } = scene();
    await take({ closes: [close(homeId, [])] });
    expect(await isComplete(homeId)).toBe(true);
  });

  it.each([
    ['an unknown meter', { meter: orThrow(parseMeterCode('nobody_knows')) }, 'METER_UNKNOWN'],
    ['a deployment of nobody', { deploymentId: orThrow(parseDeploymentId(randomUUID())) }, 'DEPLOYMENT_UNKNOWN'],
    ['a home that does not hold it', { homeId: orThrow(parseHomeId(randomUUID())) }, 'HOME_DOES_NOT_SERVE'],
    ['a negative quantity', { quantity: '-1' }, 'QUANTITY_INVALID'],
    [
      'an hour of last year',
      { windowStart: new Date('2025-04-10T11:00:00Z'), windowEnd: new Date('2025-04-10T12:00:00Z') },
      'WINDOW_TOO_OLD',
    ],
  ])('%s is quarantined once, never counted, and spoils no other', async (_why, wrong, reason) => {
    const { deploymentId, homeId, take } = scene();
    const bad = window(deploymentId, homeId, 1, { windowStart: start, ...wrong });
    const good = window(deploymentId, homeId, 7, { closed: false });
    await take({ windows: [bad, good] });
    await take({ windows: [bad] });
    const kept = await postgres.query<{ reason: string }>(
      `SELECT reason FROM usage_quarantine WHERE record->>'deploymentId' = $1`,
      [bad.deploymentId],
    );
    expect(kept.map((row) => row.reason)).toEqual([reason]);
    const counted = await postgres.query(
      'SELECT trim_scale(quantity)::text AS q FROM usage_window WHERE deployment_id = $1',
      [deploymentId],
    );
    expect(counted).toEqual([{ q: '7' }]);
  });

  it('a close for the home of another region, or of nobody, is quarantined and closes nothing', async () => {
    const { deploymentId, homeId, take } = scene();
    const counted = window(deploymentId, homeId, 1);
    await take({ windows: [counted], closes: [close(homeId, [counted])] });
    const elsewhere = orThrow(parseRegionCode('us-1'));
    const nobodys = orThrow(parseHomeId(newId()));
    await take({ region: elsewhere, closes: [{ ...close(homeId, [], 99), region: elsewhere }] });
    await take({ closes: [close(nobodys, [])] });
    expect([await isComplete(homeId), await isComplete(nobodys)]).toEqual([true, undefined]);
    const kept = await postgres.query<{ reason: string }>(
      `SELECT reason FROM usage_quarantine WHERE record->>'homeId' IN ($1, $2) ORDER BY reason`,
      [homeId, nobodys],
    );
    expect(kept.map((row) => row.reason)).toEqual(['HOME_UNKNOWN', 'REGION_MISMATCH']);
  });

  it('a window on the topic of another region is quarantined and changes no total', async () => {
    const { deploymentId, homeId, take } = scene();
    await take({ windows: [window(deploymentId, homeId, 1)] });
    await take({ region: orThrow(parseRegionCode('us-1')), windows: [window(deploymentId, homeId, 99)] });
    const counted = await postgres.query(
      'SELECT trim_scale(quantity)::text AS q FROM usage_window WHERE deployment_id = $1',
      [deploymentId],
    );
    expect(counted).toEqual([{ q: '1' }]);
  });

  it.each([
    ['license version', { licenseVersion: 2 ** 40 }],
    ['incarnation', { incarnation: 2 ** 40 }],
  ])('a %s that no column holds is told apart from a passing trouble', async (_which, over) => {
    const { deploymentId, homeId, take } = scene();
    const refused = await take({ windows: [window(deploymentId, homeId, 1, over)] }).catch((error: unknown) => error);
    expect(isValueRefused(refused)).toBe(true);
  });

  it('a quarantined number that no column holds breaks no later hour of its home, and no bill', async () => {
    const { deploymentId, homeId, take } = scene();
    const wrong = { meter: orThrow(parseMeterCode('nobody_knows')), incarnation: 2 ** 40 };
    await take({ windows: [window(deploymentId, homeId, 1, wrong)] }).catch(() => undefined);
    const good = window(deploymentId, homeId, 1);
    await take({ windows: [good], closes: [close(homeId, [good])] });
    expect(await isComplete(homeId)).toBe(true);
    const usage = new UsageService(new UsageStore(), NEVER_STOPPED);
    const placements = [{ homeId, from: placedAt, to: null }];
    const { missing } = await usage.completeness(unitOfWork.reader, placements, hourOf(start), [deploymentId]);
    expect(missing).toEqual([{ homeId, hour }]);
  });

  it('a record of a type without rule is quarantined, not dropped', async () => {
    const { homeId, take } = scene();
    await take({ other: [{ type: 'LimitEvent', record: { id: homeId } }] });
    const kept = await postgres.query(`SELECT reason, record_type FROM usage_quarantine WHERE record->>'id' = $1`, [
      homeId,
    ]);
    expect(kept).toEqual([{ reason: 'TYPE_UNSUPPORTED', record_type: 'LimitEvent' }]);
  });
});
