import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { UnitOfWork } from '@biplane/service-kit';
import {
  checkInvariants,
  seededRandom,
  seedOfRun,
  sizeOfRun,
  testPostgres,
  testUnitOfWork,
  type TestPostgres,
} from '@biplane/testing';
import { LimitCounters, Reservations, type Hold, type LimitKey, type Reservation } from './index.js';
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
const reservations = new Reservations(counters);
const now = new Date(NOW);
const after = (minutes: number): Date => new Date(now.getTime() + minutes * 60_000);

const countsOf = async (key: LimitKey): Promise<string> => {
  const [state] = await counters.read(unitOfWork.reader, [key]);
  return `${state?.used} used, ${state?.held} held`;
};
const reserve = (holds: readonly Hold[], quantity: string, expiresAt = after(15)): Promise<Reservation | null> => {
  const { deploymentId, meter, aggregation } = holds[0]!.key;
  const request = { id: ids.uuid(), deploymentId, meter, aggregation, quantity, holds, expiresAt };
  return unitOfWork.run((tx) => reservations.reserve(tx, request, now));
};
const confirm = (id: string, at = now) => unitOfWork.run((tx) => reservations.confirm(tx, id, at));
const release = (id: string, at = now) => unitOfWork.run((tx) => reservations.release(tx, id, at));
const codeOf = (answer: Promise<unknown>): Promise<unknown> =>
  answer.then(
    () => 'done',
    (error: { failure?: { code: string; status: number } }) => `${error.failure?.status} ${error.failure?.code}`,
  );

describe('Reservations', () => {
  it('what is held becomes used once, however often it is confirmed', async () => {
    const key = monthKey();
    const { id } = (await reserve([{ key, cap: '10' }], '4'))!;
    expect(await countsOf(key)).toBe('0 used, 4 held');
    const first = await confirm(id);
    expect(first).toMatchObject({ eventId: `reservation:${id}`, quantity: '4', at: now, isNew: true });
    expect(await confirm(id, after(60))).toMatchObject({ quantity: '4', at: now, isNew: false });
    expect(await countsOf(key)).toBe('4 used, 0 held');
  });

  it('two confirmations at once count once', async () => {
    const key = monthKey();
    const { id } = (await reserve([{ key, cap: '10' }], '4'))!;
    const both = await Promise.all([confirm(id), confirm(id)]);
    expect(both.filter(({ isNew }) => isNew)).toHaveLength(1);
    expect(await countsOf(key)).toBe('4 used, 0 held');
  });

  it('a level rises by what was held, as of no earlier than its latest reading', async () => {
    const key = monthKey({ meter: 'connectors', aggregation: 'last', window: null, period: null });
    const [one, two] = [(await reserve([{ key, cap: '10' }], '1'))!, (await reserve([{ key, cap: '10' }], '2'))!];
    expect(await confirm(one.id)).toMatchObject({ quantity: '1', at: now });
    await database.query('UPDATE limit_counter SET last_at = $2 WHERE deployment_id = $1', [
      key.deploymentId,
      after(3),
    ]);
    expect(await confirm(two.id)).toMatchObject({ quantity: '3', at: after(3) });
    expect(await countsOf(key)).toBe('3 used, 0 held');
  });

  it('a level that nothing limits rises from what there is, not from nothing', async () => {
    const { deploymentId } = monthKey();
    const stored = (quantity: string) =>
      database.query(
        `INSERT INTO usage_window (deployment_id, meter, window_start, window_end, hour, aggregation, quantity,
                                   last_event_at, revision, sent_revision, closed)
         VALUES ($1, 'connectors', $2, $3, $2, 'last', $4, $2, 1, 0, false)
         ON CONFLICT (deployment_id, meter, window_start) DO UPDATE SET quantity = excluded.quantity,
           revision = usage_window.revision + 1`,
        [deploymentId, now, after(60), quantity],
      );
    await stored('50');
    const request = { deploymentId, meter: 'connectors', aggregation: 'last', quantity: '1', holds: [] } as const;
    const reserved = async (): Promise<string> => {
      const id = ids.uuid();
      await unitOfWork.run((tx) => reservations.reserve(tx, { ...request, id, expiresAt: after(15) }, now));
      return id;
    };
    expect(await confirm(await reserved())).toMatchObject({ quantity: '51' });
    await stored('7');
    expect(await confirm(await reserved())).toMatchObject({ quantity: '8' });
  });

  it('holds in the limit of the day and of the month, or in none', async () => {
    const month = monthKey();
    const period = { from: new Date('2026-04-10T00:00:00Z'), to: new Date('2026-04-11T00:00:00Z') };
    const day: LimitKey = { ...month, window: 'day', period };
    const holds = [
      { key: month, cap: '10' },
      { key: day, cap: '3' },
    ];
    expect(await reserve(holds, '4')).toBeNull();
    expect([await countsOf(month), await countsOf(day)]).toEqual(['0 used, 0 held', '0 used, 0 held']);
    const { id } = (await reserve(holds, '3'))!;
    expect([await countsOf(month), await countsOf(day)]).toEqual(['0 used, 3 held', '0 used, 3 held']);
    expect((await confirm(id)).at).toEqual(now);
    expect([await countsOf(month), await countsOf(day)]).toEqual(['3 used, 0 held', '3 used, 0 held']);
  });

  it('what is confirmed after its window has ended is usage of that window', async () => {
    const key = monthKey();
    const { id } = (await reserve([{ key, cap: '10' }], '1', new Date('2026-06-01T00:00:00Z')))!;
    expect((await confirm(id, new Date('2026-05-02T00:00:00Z'))).at).toEqual(new Date('2026-04-30T23:59:59.999Z'));
  });

  it('confirmed after its expiry it is 410, after its release 409, unknown 404; released after its confirmation 409', async () => {
    const key = monthKey();
    const [late, gone, used] = await Promise.all([1, 2, 3].map(() => reserve([{ key, cap: '10' }], '1')));
    expect(await codeOf(confirm(late!.id, after(15)))).toBe('410 RESERVATION.EXPIRED');
    await release(gone!.id);
    await release(gone!.id);
    expect(await codeOf(confirm(gone!.id))).toBe('409 RESERVATION.RELEASED');
    await confirm(used!.id);
    expect(await codeOf(release(used!.id))).toBe('409 RESERVATION.CONFIRMED');
    expect(await codeOf(confirm(randomUUID()))).toBe('404 RESERVATION.NOT_FOUND');
    expect(await codeOf(release(randomUUID()))).toBe('404 RESERVATION.NOT_FOUND');
    expect(await countsOf(key)).toBe('1 used, 1 held');
  });

  it('the job frees what nobody confirmed in time, once', async () => {
    const key = monthKey();
    const { id } = (await reserve([{ key, cap: '10' }], '4', after(5)))!;
    const expired = (at: Date) => unitOfWork.run((tx) => reservations.expire(tx, at));
    expect((await expired(after(4))).some((each) => each.id === id)).toBe(false);
    expect((await expired(after(5))).find((each) => each.id === id)).toMatchObject({ state: 'expired' });
    expect((await expired(after(5))).some((each) => each.id === id)).toBe(false);
    expect(await countsOf(key)).toBe('0 used, 0 held');
    expect((await release(id)).state).toBe('expired');
    expect(await codeOf(confirm(id, after(4)))).toBe('410 RESERVATION.EXPIRED');
  });

  it('many that race for the last room get exactly what there is', async () => {
    const key = monthKey();
    const held = await Promise.all(Array.from({ length: 40 }, () => reserve([{ key, cap: '25' }], '2')));
    expect(held.filter((each) => each !== null)).toHaveLength(12);
    expect(await countsOf(key)).toBe('0 used, 24 held');
  });

  it('in any order of reserving, confirming, releasing and expiring the counter is what a model says', async () => {
    const seed = seedOfRun();
    const random = seededRandom(seed);
    const key = monthKey();
    const cap = 30;
    const model = new Map<string, { quantity: number; state: string; expiresAt: Date }>();
    let used = 0;
    let at = now;
    const held = (): number => [...model.values()].reduce((sum, r) => sum + (r.state === 'held' ? r.quantity : 0), 0);
    for (let step = 0; step < sizeOfRun({ soak: 2_000, ci: 120 }); step += 1) {
      const known = [...model.keys()];
      const id = known[Math.floor(random() * known.length)];
      const chosen = id === undefined ? undefined : model.get(id);
      const dice = random();
      if (dice < 0.4 || id === undefined || chosen === undefined) {
        const quantity = 1 + Math.floor(random() * 8);
        const expiresAt = new Date(at.getTime() + Math.floor(random() * 600_000));
        const made = await reserve([{ key, cap: String(cap) }], String(quantity), expiresAt);
        expect([seed, step, made !== null]).toEqual([seed, step, used + held() + quantity <= cap]);
        if (made) model.set(made.id, { quantity, state: 'held', expiresAt });
      } else if (dice < 0.6) {
        const isDue = chosen.state === 'held' && chosen.expiresAt <= at;
        const code = await codeOf(confirm(id, at));
        expect([seed, step, code === 'done']).toEqual([
          seed,
          step,
          ['held', 'confirmed'].includes(chosen.state) && !isDue,
        ]);
        if (code === 'done' && chosen.state === 'held') {
          used += chosen.quantity;
          chosen.state = 'confirmed';
        }
      } else if (dice < 0.8) {
        const code = await codeOf(release(id, at));
        expect([seed, step, code === 'done']).toEqual([seed, step, chosen.state !== 'confirmed']);
        if (chosen.state === 'held') chosen.state = 'released';
      } else {
        at = new Date(at.getTime() + Math.floor(random() * 120_000));
        const present = at;
        await unitOfWork.run((tx) => reservations.expire(tx, present));
        for (const each of model.values()) if (each.state === 'held' && each.expiresAt <= at) each.state = 'expired';
      }
      expect([seed, step, await countsOf(key)]).toEqual([seed, step, `${used} used, ${held()} held`]);
    }
  });
});
