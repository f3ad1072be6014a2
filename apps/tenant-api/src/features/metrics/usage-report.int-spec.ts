import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parsePlaneEvent, windowsDigest, type HomeClose, type UsageWindow } from '@biplane/contracts';
import type { UnitOfWork } from '@biplane/service-kit';
import { checkInvariants, FakeClock, testPostgres, testUnitOfWork, type TestPostgres } from '@biplane/testing';
import { TestLicenses, usageEvent, UsageReplica } from '../../testing/usage-rig.js';

const HOUR_MS = 3_600_000;
const STARTED = '2026-03-31T10:20:00.000Z';

let clock: FakeClock;
let licenses: TestLicenses;
let database: TestPostgres;
let unitOfWork: UnitOfWork;
let replica: UsageReplica;
let deployment: string;
let homeId: string;

beforeEach(async () => {
  homeId = randomUUID();
  clock = new FakeClock(STARTED);
  licenses = new TestLicenses(homeId, clock);
  database = await testPostgres('home');
  unitOfWork = await testUnitOfWork('home', database.url);
  replica = new UsageReplica({ clock, unitOfWork, homeId, licenses });
  deployment = licenses.place('2026-03-31T10:30:00.000Z');
});
afterEach(async () => {
  await checkInvariants(database.url);
  await unitOfWork.close();
  await database.drop();
});

const submit = (id: string, time: string, quantity = '1', meter = 'droplet_hours') =>
  replica.metrics.accept(usageEvent(deployment, { id, time, quantity, meter }));
/** One run of the job. */
const report = async (by = replica): Promise<void> => {
  await by.reporter.closeHours(clock.now());
  await by.reporter.sendChanges(clock.now());
};

interface Sent {
  readonly windows: UsageWindow[];
  readonly closes: HomeClose[];
}
/** All that the outbox holds, parsed by the contract, in the order of commit. */
async function sent(): Promise<Sent> {
  const rows = await database.query<{ headers: Record<string, string>; value: string; key: string; topic: string }>(
    'SELECT topic, key, headers, value FROM outbox ORDER BY id',
  );
  const all: Sent = { windows: [], closes: [] };
  for (const { headers, value, key, topic } of rows) {
    const event = parsePlaneEvent(headers, value);
    if (!event.ok) throw new Error(event.error.detail);
    expect(topic).toBe('usage.metrics.eu-1');
    if (event.value.name === 'UsageWindow') {
      expect(key).toBe(event.value.data.deploymentId);
      all.windows.push(event.value.data);
    } else if (event.value.name === 'HomeClose') {
      expect(key).toBe(homeId);
      all.closes.push(event.value.data);
    }
  }
  return all;
}
/** What a receiver holds that keeps the highest revision of each. */
function held({ windows, closes }: Sent): { windows: UsageWindow[]; closes: HomeClose[] } {
  const keep = <T extends { revision: number }>(records: readonly T[], keyOf: (record: T) => string): T[] => {
    const newest = new Map<string, T>();
    for (const record of records) {
      const known = newest.get(keyOf(record));
      if (known?.revision === record.revision) expect(record).toEqual(known);
      if (known === undefined || known.revision < record.revision) newest.set(keyOf(record), record);
    }
    return [...newest.values()];
  };
  return {
    windows: keep(windows, (w) => `${w.deploymentId}|${w.meter}|${w.windowStart}`),
    closes: keep(closes, (close) => close.hour),
  };
}
/** Every close says exactly what the receiver holds of its hour. */
function expectComplete(all: Sent): void {
  const { windows, closes } = held(all);
  for (const close of closes) {
    const ofHour = windows.filter(({ windowStart }) => windowStart.slice(0, 13) === close.hour.slice(0, 13));
    expect(ofHour.every(({ closed }) => closed)).toBe(true);
    expect([close.windows, close.digest]).toEqual([ofHour.length, windowsDigest(ofHour)]);
  }
}

describe('what a home sends up', () => {
  it('a changed window is sent after 10 s of the Clock, and one that did not change is not sent again', async () => {
    await submit('a', STARTED, '2');
    await report();
    expect((await sent()).windows).toEqual([
      expect.objectContaining({ quantity: '2', revision: 1, closed: false, source: { homeId, incarnation: 1 } }),
    ]);
    await submit('b', STARTED, '3');
    clock.advance(9_999);
    await report();
    expect((await sent()).windows).toHaveLength(1);
    clock.advance(1);
    await report();
    clock.advance(10_000);
    await report();
    expect((await sent()).windows.map(({ quantity, revision }) => [quantity, revision])).toEqual([
      ['2', 1],
      ['5', 2],
    ]);
  });

  it('a Clock that was set back does not silence the home', async () => {
    clock.advance(HOUR_MS);
    await report();
    clock.advance(-HOUR_MS);
    await submit('a', clock.now().toISOString());
    await report();
    expect((await sent()).windows).toHaveLength(1);
  });

  it('an hour is closed 5 minutes after its end, not before, with the digest of the windows that were sent', async () => {
    await report();
    await submit('a', '2026-03-31T10:21:00Z', '1');
    await submit('b', '2026-03-31T10:22:00Z', '4', 'storage_gb');
    clock.set('2026-03-31T11:04:59.999Z');
    await report();
    expect((await sent()).closes).toEqual([]);
    clock.set('2026-03-31T11:05:00.000Z');
    await report();
    const all = await sent();
    expect(all.closes).toEqual([
      expect.objectContaining({ hour: '2026-03-31T10:00:00.000Z', revision: 1, windows: 2, homeId, incarnation: 1 }),
    ]);
    expectComplete(all);
  });

  it('a jump of the Clock by a month closes 744 hours in order, those without windows too', async () => {
    await report();
    clock.set('2026-05-01T10:05:00.000Z');
    await submit('april', '2026-04-10T12:00:00Z', '24');
    await report();
    const all = await sent();
    const first = Date.parse('2026-03-31T10:00:00.000Z');
    expect(all.closes.map(({ hour }) => hour)).toEqual(
      Array.from({ length: 744 }, (_, n) => new Date(first + n * HOUR_MS).toISOString()),
    );
    expect(all.closes.filter(({ windows }) => windows > 0).map(({ hour }) => hour)).toEqual([
      '2026-04-10T12:00:00.000Z',
    ]);
    expect(all.closes.every(({ revision }) => revision === 1)).toBe(true);
    expectComplete(all);
  });

  it('late usage raises the revision of its window and of its close, whether the window was there or not', async () => {
    await report();
    await submit('a', '2026-03-31T10:21:00Z', '1');
    clock.set('2026-03-31T12:30:00.000Z');
    await report();
    await submit('late', '2026-03-31T10:40:00Z', '2');
    await submit('late new', '2026-03-31T11:40:00Z', '7');
    clock.advance(10_000);
    await report();
    const all = await sent();
    expect(held(all).windows.map(({ quantity, closed }) => [quantity, closed])).toEqual([
      ['3', true],
      ['7', true],
    ]);
    expect(held(all).closes.map(({ revision, windows }) => [revision, windows])).toEqual([
      [2, 1],
      [2, 1],
    ]);
    expectComplete(all);
    clock.advance(10_000);
    await report();
    expect(await sent()).toEqual(all);
  });

  it('hours before the home started are closed when a license says that a deployment was placed here then', async () => {
    await report();
    clock.set('2026-03-31T12:10:00.000Z');
    await report();
    licenses.place('2026-03-31T07:45:00.000Z');
    await report();
    expect((await sent()).closes.map(({ hour }) => hour.slice(11, 13))).toEqual(
      ['10', '11', '07', '08', '09'].map(String),
    );
  });

  it('replicas whose jobs race send each revision once, with one content', async () => {
    const others = Array.from({ length: 3 }, () => new UsageReplica({ clock, unitOfWork, homeId, licenses }));
    const all = [replica, ...others];
    for (let round = 0; round < 12; round += 1) {
      clock.advance(10 * 60_000);
      const events = Array.from({ length: 8 }, (_, n) => {
        const time = new Date(clock.now().getTime() - n * 25 * 60_000).toISOString();
        // A meter that is rarely counted leaves windows of late hours unchanged: they are not sent again.
        return submit(`${round}-${n}`, time, `${n}.5`, round % 4 === 0 ? 'api_calls' : 'droplet_hours');
      });
      await Promise.all([...events, ...all.map((one) => report(one)), ...all.map((one) => report(one))]);
    }
    clock.advance(60_000);
    await report();
    const everything = await sent();
    const keys = everything.windows.map((w) => `${w.meter}|${w.windowStart}|${w.revision}`);
    expect(new Set(keys).size).toBe(keys.length);
    for (const { hour } of held(everything).closes) {
      const said = everything.closes.filter((close) => close.hour === hour);
      expect(said.map(({ revision }) => revision)).toEqual(said.map((_, n) => n + 1));
      expect(new Set(said.map(({ digest }) => digest)).size).toBe(said.length);
    }
    expect(everything.closes.some(({ revision, windows }) => revision > 1 && windows > 1)).toBe(true);
    expectComplete(everything);
  });

  it('usage that is counted while its hour is closed is either in the close or follows it', async () => {
    await report();
    clock.set('2026-03-31T11:05:00.000Z');
    const events = Array.from({ length: 60 }, (_, n) => submit(`${n}`, `2026-03-31T10:${30 + (n % 30)}:00Z`, '1'));
    await Promise.all([...events.slice(0, 30), report(), ...events.slice(30)]);
    clock.advance(10_000);
    await report();
    const all = await sent();
    expect(held(all).windows.map(({ quantity }) => quantity)).toEqual(['60']);
    expectComplete(all);
  });
});

describe('calls counted in memory', () => {
  const flushes = () => replica.counter.flush();
  const count = (by: UsageReplica, id: string, quantity: number, meter = 'api_calls') =>
    by.counter.count(licenses.claimsOf(id), meter, quantity, clock.now());

  it('are added to the window each second', async () => {
    clock.set('2026-03-31T10:40:00.000Z');
    const license = licenses.claimsOf(deployment);
    const used = (window: 'day' | 'month' | null) =>
      replica.used(deployment, 'api_calls', 'sum', window, clock.now(), license.calendar.timeZone);
    for (let n = 0; n < 5; n += 1) expect(await replica.call(deployment)).toMatchObject({ code: null });
    expect(await used('month')).toBe('0');
    await flushes();
    count(replica, deployment, 2);
    await flushes();
    await flushes();
    expect([await used('day'), await used('month'), await used(null)]).toEqual(['7', '7', '7']);
    clock.advance(2 * 24 * HOUR_MS); // over local midnight, and into the next month
    expect([await used('day'), await used('month'), await used(null)]).toEqual(['0', '0', '7']);
  });

  it('C3: a flush whose answer was lost is repeated and counts once', async () => {
    let lost = 1;
    const flaky = Object.create(unitOfWork) as UnitOfWork;
    flaky.run = async (work, options) => {
      const result = await unitOfWork.run(work, options);
      if (lost-- > 0) throw new Error('the connection went away after the commit');
      return result;
    };
    const unlucky = new UsageReplica({ clock, unitOfWork: flaky, homeId, licenses });
    count(unlucky, deployment, 3);
    await expect(unlucky.counter.flush()).rejects.toThrow('went away');
    count(unlucky, deployment, 4);
    await unlucky.counter.flush();
    expect(await database.query('SELECT trim_scale(quantity)::text AS q FROM usage_window')).toEqual([{ q: '7' }]);
  });

  it('of replicas add up', async () => {
    const other = new UsageReplica({ clock, unitOfWork, homeId, licenses });
    for (const one of [replica, other]) count(one, deployment, 2);
    await Promise.all([flushes(), other.counter.flush()]);
    expect(await database.query('SELECT trim_scale(quantity)::text AS q FROM usage_window')).toEqual([{ q: '4' }]);
  });

  it('of a meter that the license does not count here as a sum are not counted', async () => {
    for (const meter of ['seats', 'storage_gb', 'unknown', 'constructor']) {
      count(replica, deployment, 1, meter);
    }
    await flushes();
    expect(await database.query('SELECT 1 FROM usage_window')).toEqual([]);
  });
});
