import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { querySql, RandomIds, type Tx, type UnitOfWork } from '@biplane/service-kit';
import { checkInvariants, FakeClock, testPostgres, testUnitOfWork, waitFor, type TestPostgres } from '@biplane/testing';
import { Decider, type LimitKey } from './index.js';
import { ids, licenseWith, limitOf, monthKey, NOW, windowSource } from './spec-support/rig.js';

let database: TestPostgres;
let unitOfWork: UnitOfWork;
let decider: Decider;
const clock = new FakeClock(NOW);
const now = clock.now();
beforeAll(async () => {
  database = await testPostgres('home');
  unitOfWork = await testUnitOfWork('home', database.url);
  decider = new Decider({ plane: 'data', unitOfWork, clock, ids: new RandomIds(clock), usageSource: windowSource });
});
afterAll(async () => {
  await checkInvariants(database.url);
  await unitOfWork.close();
  await database.drop();
});

const dayOf = (key: LimitKey): LimitKey => ({
  ...key,
  window: 'day',
  period: { from: new Date('2026-04-10T00:00:00Z'), to: new Date('2026-04-11T00:00:00Z') },
});

/**
 * Somebody has the first counter and asks for the second while the work waits: work that had taken the second one before
 * would be waited for in a circle, and PostgreSQL would end one of the two.
 */
async function meetsInTheMiddle(first: LimitKey, second: LimitKey, work: (tx: Tx) => Promise<unknown>): Promise<void> {
  await unitOfWork.run((tx) => decider.counters.ensure(tx, [first, second]));
  let working: Promise<unknown> = Promise.resolve();
  await unitOfWork.run(
    async (tx) => {
      await decider.counters.lock(tx, [first]);
      const [own] = await querySql<{ pid: number }>(tx, 'SELECT pg_backend_pid() AS pid', []);
      working = unitOfWork.run(work, { attemptsMax: 1 });
      working.catch(() => undefined);
      await waitFor('the work to wait for the first counter', async () => {
        const blocked = `SELECT 1 FROM pg_stat_activity WHERE $1 = ANY(pg_blocking_pids(pid))`;
        return (await database.query(blocked, [own?.pid])).length > 0;
      });
      await decider.counters.lock(tx, [second]);
    },
    { attemptsMax: 1 },
  );
  await working;
}

describe('counters are locked in one order', () => {
  it('when reservations end, whichever of them ended first', async () => {
    const keys = [monthKey(), monthKey()].sort((a, b) => (a.deploymentId < b.deploymentId ? -1 : 1));
    const [first, second] = keys as [LimitKey, LimitKey];
    for (const [minutes, key] of [
      [1, second],
      [2, first],
    ] as const) {
      const expiresAt = new Date(now.getTime() + minutes * 60_000);
      const { deploymentId, meter, aggregation } = key;
      const request = { id: ids.uuid(), deploymentId, meter, aggregation, quantity: '3', expiresAt };
      await unitOfWork.run((tx) => decider.reservations.reserve(tx, { ...request, holds: [{ key, cap: '10' }] }, now));
    }
    const later = new Date(now.getTime() + 180_000);
    await meetsInTheMiddle(first, second, (tx) => decider.reservations.expire(tx, later));
    const states = await decider.counters.read(unitOfWork.reader, keys);
    expect(states.map(({ held }) => held)).toEqual(['0', '0']);
  });

  it('when thresholds are looked for, in whatever order modules and their limits stand', async () => {
    const limits = [limitOf({ window: 'month', cap: '5' }), limitOf({ window: 'day', cap: '5' })];
    const license = licenseWith(limits);
    const [month, day] = decider.keysOf(license, 'api_calls', now) as [LimitKey, LimitKey];
    await unitOfWork.run((tx) => decider.counters.ensure(tx, [month, day]));
    await unitOfWork.run((tx) =>
      decider.counters.add(
        tx,
        [month, day].map((key) => ({ key, quantity: '5', at: now })),
      ),
    );
    let told: readonly { readonly key: LimitKey }[] = [];
    await meetsInTheMiddle(day, month, async (tx) => {
      told = await decider.passed(tx, license, 'api_calls', now);
    });
    expect(told).toHaveLength(4);
  });

  it('when calls counted in memory are stored: of slices and of counts together', async () => {
    const license = licenseWith([
      limitOf({ window: 'month', cap: '1000' }),
      limitOf({ window: 'day', cap: '1000', strategy: 'soft_warning', warnAt: [] }),
    ]);
    const [month, day] = decider.keysOf(license, 'api_calls', now) as [LimitKey, LimitKey];
    const { id: deploymentId } = license.deployment;
    const question = { license, deploymentId, action: 'calls:make', meter: 'api_calls', principal: 'client' };
    expect((await decider.admit(question)).isAllowed).toBe(true);
    const drained = decider.drain();
    expect([drained.slices.length, drained.counts.length]).toEqual([1, 1]);
    await meetsInTheMiddle(day, month, (tx) => decider.settle(tx, drained));
    const states = await decider.counters.read(unitOfWork.reader, [dayOf(month), month]);
    expect(states.map(({ used }) => used)).toEqual(['1', '1']);
  });
});
