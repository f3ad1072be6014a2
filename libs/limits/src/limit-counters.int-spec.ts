import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { executeSql, type Tx, type UnitOfWork } from '@biplane/service-kit';
import { checkInvariants, testPostgres, testUnitOfWork, type TestPostgres } from '@biplane/testing';
import { limitPeriod } from '@biplane/licensing';
import { LimitCounters, Reservations, type CountState, type LimitKey } from './index.js';
import { ids, monthKey, NOW, windowSource } from './spec-support/rig.js';

let database: TestPostgres;
let unitOfWork: UnitOfWork;
beforeAll(async () => {
  database = await testPostgres('home');
  unitOfWork = await testUnitOfWork('home', database.url);
});
afterAll(async () => {
  await checkInvariants(database.url);
  await unitOfWork.close();
  await database.drop();
});

const counters = new LimitCounters(windowSource);
const now = new Date(NOW);
const stateOf = async (key: LimitKey): Promise<CountState> =>
  (await counters.read(unitOfWork.reader, [key]))[0] as CountState;

/** Usage in a window of an hour, as an intake stores it. */
async function store(tx: Tx, key: LimitKey, quantity: string, hour = '2026-04-10T11'): Promise<void> {
  await executeSql(
    tx,
    `INSERT INTO usage_window AS w VALUES ($1::text::uuid, $2, $3::text::timestamptz, $3::text::timestamptz + interval '1 hour',
       $3::text::timestamptz, $4, $5::text::numeric, $3::text::timestamptz, 1, 0, false, 1)
     ON CONFLICT (deployment_id, meter, window_start)
     DO UPDATE SET quantity = w.quantity + excluded.quantity, revision = w.revision + 1`,
    [key.deploymentId, key.meter, `${hour}:00:00.000Z`, key.aggregation, quantity],
  );
}
const count = (key: LimitKey, quantity: string): Promise<void> =>
  unitOfWork.run(async (tx) => {
    await counters.ensure(tx, [key]);
    await store(tx, key, quantity);
    await counters.add(tx, [{ key, quantity, at: now }]);
  });

describe('LimitCounters', () => {
  it('transactions that meet at a new counter count each use once', async () => {
    const key = monthKey();
    await unitOfWork.run((tx) => store(tx, key, '5'));
    await Promise.all(Array.from({ length: 20 }, (_, n) => count(key, n % 2 === 0 ? '1' : '0.5')));
    expect((await stateOf(key)).used).toBe('20');
    expect(await unitOfWork.run((tx) => counters.recount(tx, key, now))).toBeNull();
  });

  it('a key that nobody limited yet is answered from the source, and nothing is written', async () => {
    const key = monthKey();
    await unitOfWork.run((tx) => store(tx, key, '3'));
    expect(await stateOf(key)).toMatchObject({ used: '3', held: '0', lost: '0', spent: '3' });
    expect(await counters.has(unitOfWork.reader, key)).toBe(false);
  });

  it('several changes of one key in one batch all count', async () => {
    const key = monthKey();
    const peak = monthKey({ aggregation: 'peak', meter: 'seats' });
    await unitOfWork.run(async (tx) => {
      await counters.ensure(tx, [key, peak, key]);
      await counters.add(tx, [
        { key, quantity: '1', at: now },
        { key: peak, quantity: '7', at: now },
        { key, quantity: '2', at: now },
        { key: peak, quantity: '4', at: now },
      ]);
      await counters.add(tx, [{ key: peak, quantity: '5', at: now }]);
    });
    expect([(await stateOf(key)).used, (await stateOf(peak)).used]).toEqual(['3', '7']);
  });

  it('of a gauge the latest reading wins, in whatever order readings come', async () => {
    const key = monthKey({ aggregation: 'last', window: null, period: null });
    for (const [quantity, hour] of [
      ['8', '2026-04-10T09'],
      ['3', '2026-04-10T11'],
      ['6', '2026-04-10T10'],
    ] as const) {
      await unitOfWork.run(async (tx) => {
        await counters.ensure(tx, [key]);
        await store(tx, key, quantity, hour);
        await counters.add(tx, [{ key, quantity, at: new Date(`${hour}:00:00Z`) }]);
      });
    }
    expect((await stateOf(key)).used).toBe('3');
  });

  it.each(['17', '-4', '0.5'])('C6: a counter that is off by %s is set right by a signed adjustment', async (drift) => {
    const key = monthKey();
    await count(key, '10');
    const reservations = new Reservations(counters);
    const request = { deploymentId: key.deploymentId, meter: key.meter, aggregation: 'sum', quantity: '2' } as const;
    const expiresAt = new Date('2026-04-10T13:00:00Z');
    await unitOfWork.run((tx) =>
      reservations.reserve(tx, { id: ids.uuid(), ...request, holds: [{ key, cap: '20' }], expiresAt }, now),
    );
    await database.query(
      'UPDATE limit_counter SET used = used + $2::numeric, held = 9, lost = 1 WHERE deployment_id = $1',
      [key.deploymentId, drift],
    );
    const adjustment = await unitOfWork.run((tx) => counters.recount(tx, key, now));
    expect(Number(adjustment?.used)).toBe(-Number(drift));
    expect(adjustment).toMatchObject({ before: { held: '9', lost: '1' }, after: { used: '10', held: '2', lost: '0' } });
    expect(await stateOf(key)).toMatchObject({ used: '10', held: '2', lost: '0' });
    expect(await unitOfWork.run((tx) => counters.recount(tx, key, now))).toBeNull();
  });

  it('days and months are those of the tenant: a quarter of an hour beside UTC as well', async () => {
    const zone = 'Asia/Kathmandu';
    const before = new Date('2026-04-09T18:14:59.999Z');
    const after = new Date('2026-04-09T18:15:00.000Z');
    const [first, second] = [before, after].map((at) =>
      monthKey({ window: 'day', period: limitPeriod('day', at, zone) }),
    );
    const today = { ...second!, deploymentId: first!.deploymentId };
    expect(first!.period!.to).toEqual(after);
    const take = (key: LimitKey) => unitOfWork.run((tx) => counters.take(tx, key, '1', '1'));
    expect([await take(first!), await take(first!), await take(today), await take(today)]).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });

  it('of uses that meet at a new counter none is refused while there is room, and none passes the cap', async () => {
    for (let round = 0; round < 10; round += 1) {
      const key = monthKey({ window: null, period: null });
      const take = () => unitOfWork.run((tx) => counters.take(tx, key, '7', '1'));
      const taken = await Promise.all(Array.from({ length: 10 }, take));
      expect(taken.filter(Boolean)).toHaveLength(7);
      expect((await stateOf(key)).used).toBe('7');
    }
  });

  it('what is given back after a recount has lowered the count leaves nothing below nothing, and holds up no flush', async () => {
    const key = monthKey({ window: null, period: null });
    await unitOfWork.run((tx) => counters.take(tx, key, '10', '1'));
    await unitOfWork.run((tx) => counters.recount(tx, key, new Date(NOW)));
    await unitOfWork.run((tx) => counters.add(tx, [{ key, quantity: '-1', at: new Date(NOW) }]));
    expect(await counters.read(unitOfWork.reader, [key])).toMatchObject([{ used: '0' }]);
  });
});
