import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RandomIds, type UnitOfWork } from '@biplane/service-kit';
import { checkInvariants, FakeClock, testPostgres, testUnitOfWork, type TestPostgres } from '@biplane/testing';
import { LimitCounters, SliceBank, sliceSize, type CountState, type LimitKey } from './index.js';
import { grantSlice } from './store/slices.js';
import { quantityOf, unitsOf } from './domain/units.js';
import { monthKey, NOW, windowSource } from './spec-support/rig.js';

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
const stateOf = async (key: LimitKey): Promise<CountState> =>
  (await counters.read(unitOfWork.reader, [key]))[0] as CountState;

/** A replica whose two clocks the test moves. */
class Replica {
  readonly clock = new FakeClock(NOW);
  monotonicMs = 0;
  readonly bank = new SliceBank({
    unitOfWork,
    counters,
    clock: this.clock,
    ids: new RandomIds(this.clock),
    monotonicMs: () => this.monotonicMs,
  });
  pass(ms: number): void {
    this.clock.advance(ms);
    this.monotonicMs += ms;
  }
  async take(key: LimitKey, cap: string, times = 1): Promise<number> {
    let taken = 0;
    for (let n = 0; n < times; n += 1) if ((await this.bank.take(key, cap, '1')) === 'taken') taken += 1;
    return taken;
  }
  expire(): Promise<number> {
    return unitOfWork.run((tx) => this.bank.expire(tx, this.clock.now()));
  }
}

describe('SliceBank', () => {
  it('what is given away is held, then used; what goes back is free', async () => {
    const key = monthKey();
    const replica = new Replica();
    expect(replica.bank.tryTake(key, '1000', '1')).toBeUndefined();
    expect(await replica.take(key, '1000', 3)).toBe(3);
    expect(replica.bank.tryTake(key, '1000', '1')).toBe(true);
    expect(await stateOf(key)).toMatchObject({ used: '0', held: '10', lost: '0' });
    await replica.bank.flush();
    await replica.bank.flush();
    expect(await stateOf(key)).toMatchObject({ used: '4', held: '6', lost: '0' });
    replica.bank.retire();
    await replica.bank.flush();
    expect(await stateOf(key)).toMatchObject({ used: '4', held: '0', lost: '0' });
  });

  it('requests that come together share one slice', async () => {
    const key = monthKey();
    const { bank } = new Replica();
    const taken = await Promise.all(Array.from({ length: 12 }, () => bank.take(key, '10', '1')));
    expect(taken.filter((each) => each === 'taken')).toHaveLength(10);
    const slices = await database.query('SELECT 1 FROM limit_slice WHERE deployment_id = $1', [key.deploymentId]);
    expect(slices).toHaveLength(1);
  });

  it('takes slices of the size that the rule says', async () => {
    const rests = ['0.5', '1', '50', '199', '200', '12345.678', '99999999999'];
    for (const rest of rests) {
      for (const [least, wanted] of [
        ['0.25', '0.25'],
        ['1', '1'],
        ['3', '70.5'],
      ] as const) {
        const key = monthKey();
        await unitOfWork.run((tx) => counters.ensure(tx, [key]));
        const request = { id: randomUUID(), holder: randomUUID(), key, cap: rest, least, wanted, isQueued: false };
        const at = new Date(NOW);
        const amount = await unitOfWork.run((tx) => grantSlice(tx, { ...request, grantedAt: at, expiresAt: at }));
        expect([rest, wanted, amount]).toEqual([
          rest,
          wanted,
          sliceSize(unitsOf(rest), unitsOf(least), unitsOf(wanted)),
        ]);
        expect((await stateOf(key)).held).toBe(quantityOf(amount ?? 0n));
      }
    }
  });

  it('a slice that expired is lost for the cap; what its holder says later is used and not lost, and nothing is returned', async () => {
    const key = monthKey();
    const [frozen, other] = [new Replica(), new Replica()];
    // Those of the other tests.
    await unitOfWork.run((tx) => other.bank.expire(tx, new Date('2027-01-01T00:00:00Z')));
    await frozen.take(key, '1000', 4);
    other.pass(29_999);
    expect(await other.expire()).toBe(0);
    other.pass(1);
    expect(await other.expire()).toBe(1);
    expect(await other.expire()).toBe(0);
    expect(await stateOf(key)).toMatchObject({ used: '0', held: '0', lost: '10' });
    frozen.bank.retire();
    await frozen.bank.flush();
    await frozen.bank.flush();
    expect(await stateOf(key)).toMatchObject({ used: '4', held: '0', lost: '6', spent: '10' });
  });

  it('a flush that was rolled back is said again, and one that is repeated counts once', async () => {
    const key = monthKey();
    const { bank } = new Replica();
    await bank.take(key, '1000', '1');
    const said = bank.drain();
    const failing = unitOfWork.run(async (tx) => {
      await bank.settle(tx, said);
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect((await stateOf(key)).used).toBe('0');
    expect(bank.drain()).toEqual(said);
    for (let times = 0; times < 2; times += 1) await unitOfWork.run((tx) => bank.settle(tx, said));
    expect(await stateOf(key)).toMatchObject({ used: '1', held: '9' });
  });

  it('B14: a cap that is lowered below what is in use stops every replica that knows of it at once', async () => {
    const key = monthKey();
    const replica = new Replica();
    expect(await replica.take(key, '1000', 9)).toBe(9);
    expect(replica.bank.tryTake(key, '5', '1')).toBeUndefined();
    expect(await replica.bank.take(key, '5', '1')).toBe('full');
    await replica.bank.flush();
    expect(await stateOf(key)).toMatchObject({ used: '9', held: '0', lost: '0' });
    expect(await replica.bank.take(key, '5', '1')).toBe('full');
    expect(await replica.take(key, '10', 2)).toBe(1);
  });

  it('a change of the cap that a listener tells frees what is held with the next flush', async () => {
    const key = monthKey();
    const { bank } = new Replica();
    await bank.take(key, '1000', '1');
    bank.capChanged(key, '500');
    await bank.flush();
    expect(await stateOf(key)).toMatchObject({ used: '1', held: '0', lost: '0' });
  });

  it('a window that ends frees everything: the next one begins with the whole cap', async () => {
    const key = monthKey();
    const may = { from: new Date('2026-05-01T00:00:00Z'), to: new Date('2026-06-01T00:00:00Z') };
    const replica = new Replica();
    expect(await replica.take(key, '3', 5)).toBe(3);
    expect(await replica.take({ ...key, period: may }, '3', 5)).toBe(3);
  });

  it('takes quantities with decimals exactly', async () => {
    const key = monthKey();
    const { bank } = new Replica();
    const answers = [];
    for (let n = 0; n < 12; n += 1) answers.push(await bank.take(key, '1', '0.1'));
    expect(answers.filter((each) => each === 'taken')).toHaveLength(10);
    bank.retire();
    await bank.flush();
    expect(await stateOf(key)).toMatchObject({ used: '1', held: '0' });
  });

  it('takes nothing for whom nobody waits any more', async () => {
    const key = monthKey();
    const { bank } = new Replica();
    expect(await bank.take(key, '10', '1', { isAbandoned: () => true })).toBe('abandoned');
    let asked = 0;
    expect(await bank.take(key, '10', '1', { isAbandoned: () => (asked += 1) > 1 })).toBe('abandoned');
    bank.retire();
    await bank.flush();
    expect(await stateOf(key)).toMatchObject({ used: '0', held: '0' });
  });

  it('starts from what was counted before the limit was there', async () => {
    const key = monthKey();
    await database.query(
      `INSERT INTO usage_window VALUES ($1, 'api_calls', '2026-04-02T00:00:00Z', '2026-04-02T01:00:00Z', '2026-04-02T00:00:00Z',
         'sum', 7, '2026-04-02T00:10:00Z', 1, 0, false, 1)`,
      [key.deploymentId],
    );
    expect(await new Replica().take(key, '10', 5)).toBe(3);
  });
});
