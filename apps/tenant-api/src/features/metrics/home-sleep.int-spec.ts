import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parsePlaneEvent, windowsDigest, type HomeClose, type UsageWindow } from '@biplane/contracts';
import type { UnitOfWork } from '@biplane/service-kit';
import { FakeClock, testPostgres, testUnitOfWork, type TestPostgres } from '@biplane/testing';
import { TestLicenses, usageEvent, UsageReplica } from '../../testing/usage-rig.js';

const HOUR = '2026-03-31T11:00:00.000Z';

let clock: FakeClock;
let licenses: TestLicenses;
let database: TestPostgres;
let unitOfWork: UnitOfWork;
let homeId: string;
let deployment: string;

beforeEach(async () => {
  homeId = randomUUID();
  clock = new FakeClock('2026-03-31T10:20:00.000Z');
  licenses = new TestLicenses(homeId, clock);
  database = await testPostgres('home');
  unitOfWork = await testUnitOfWork('home', database.url);
  deployment = licenses.place('2026-03-31T10:00:00.000Z');
});
afterEach(async () => {
  await unitOfWork.close();
  await database.drop();
});

/** A process of the home that has been seen. */
async function started(): Promise<UsageReplica> {
  const replica = new UsageReplica({ clock, unitOfWork, homeId, licenses, kind: 'dedicated' });
  await lives(replica);
  return replica;
}
/** One turn of its jobs. */
async function lives({ sleep, reporter }: UsageReplica): Promise<void> {
  await sleep.beSeen(clock.now());
  await reporter.closeHours(clock.now());
  await reporter.sendChanges(clock.now());
}
const ends = ({ sleep }: UsageReplica) => sleep.onApplicationShutdown();
const submit = ({ metrics }: UsageReplica, time: string) =>
  metrics.accept(usageEvent(deployment, { id: randomUUID(), time, quantity: '2' }));
const suspend = () => licenses.change(deployment, { status: 'suspended' });

type Said = HomeClose & { readonly saidAt: string };
/** What core-api is told of an hour last, and whether that is what it was told of its windows. */
async function told(hour: string): Promise<{ close: Said | undefined; isWhole: boolean }> {
  const rows = await database.query<{ headers: Record<string, string>; value: string }>(
    'SELECT headers, value FROM outbox ORDER BY id',
  );
  const windows = new Map<string, UsageWindow>();
  let close: Said | undefined;
  for (const { headers, value } of rows) {
    const event = parsePlaneEvent(headers, value);
    if (!event.ok) throw new Error(event.error.detail);
    if (event.value.name === 'HomeClose' && event.value.data.hour === hour) {
      close = { ...event.value.data, saidAt: event.value.event.time };
    } else if (event.value.name === 'UsageWindow' && event.value.data.windowStart.slice(0, 13) === hour.slice(0, 13)) {
      windows.set(event.value.data.meter, event.value.data);
    }
  }
  return { close, isWhole: close?.digest === windowsDigest([...windows.values()]) };
}

/** Suspended at 10:40, its hour closed at 11:05, and now it is scaled to zero: usage of 11:06 was taken a moment ago. */
async function fallsAsleep(...replicas: UsageReplica[]): Promise<void> {
  suspend();
  clock.set('2026-03-31T11:05:00.000Z');
  for (const replica of replicas) await lives(replica);
  clock.set('2026-03-31T11:06:00.000Z');
  for (const { sleep } of replicas) await sleep.beSeen(clock.now());
  await submit(replicas[0]!, '2026-03-31T11:05:59Z');
}

describe('the hour in which a home of its own falls asleep', () => {
  it('is closed by its last process as it ends, with all that was counted', async () => {
    const [one, other] = [await started(), await started()];
    await fallsAsleep(one, other);
    await ends(one);
    expect((await told(HOUR)).close).toBeUndefined();
    await submit(other, '2026-03-31T11:06:00Z');
    await ends(other);
    const { close, isWhole } = await told(HOUR);
    expect(close).toMatchObject({ revision: 1, windows: 1, saidAt: '2026-03-31T11:06:00.000Z' });
    expect(isWhole).toBe(true);
    expect(await database.query('SELECT 1 FROM home_process')).toEqual([]);
  });

  it('is closed by one of two that end at once', async () => {
    const both = [await started(), await started()];
    await fallsAsleep(...both);
    await Promise.all(both.map(ends));
    expect(await told(HOUR)).toMatchObject({ close: { revision: 1 }, isWhole: true });
  });

  it('is closed with the hour before, which ended a moment ago, and with late usage of older ones', async () => {
    const replica = await started();
    await fallsAsleep(replica);
    clock.set('2026-03-31T12:02:00.000Z');
    await submit(replica, '2026-03-31T10:30:00Z');
    await ends(replica);
    for (const [hour, revision] of [
      ['2026-03-31T10:00:00.000Z', 2],
      [HOUR, 1],
      ['2026-03-31T12:00:00.000Z', 1],
    ] as const) {
      expect(await told(hour)).toMatchObject({ close: { revision }, isWhole: true });
    }
  });

  it('stays open when a process was killed, however the others end', async () => {
    const [one, killed] = [await started(), await started()];
    await fallsAsleep(one, killed);
    await submit(killed, '2026-03-31T11:06:00Z');
    await ends(one);
    expect((await told(HOUR)).close).toBeUndefined();
  });

  it('is not closed for one that was killed a day ago', async () => {
    await started();
    clock.set('2026-04-01T10:20:00.000Z');
    const replica = await started();
    suspend();
    await ends(replica);
    expect(await told('2026-04-01T10:00:00.000Z')).toMatchObject({ close: { revision: 1 }, isWhole: true });
  });

  it('is not closed by a process that only makes room for the next version, nor by one of a pool', async () => {
    const active = await started();
    await ends(active);
    suspend();
    await ends(new UsageReplica({ clock, unitOfWork, homeId, licenses }));
    expect((await told('2026-03-31T10:00:00.000Z')).close).toBeUndefined();
  });

  it.each([
    ['within it', '2026-03-31T11:30:00.000Z', '2026-03-31T12:05:00.000Z'],
    ['days later', '2026-04-03T08:00:00.000Z', '2026-04-03T08:00:00.000Z'],
  ])('is closed once more, after its end, when the home wakes %s', async (_when, wakesAt, closedAt) => {
    const replica = await started();
    await fallsAsleep(replica);
    await ends(replica);
    licenses.change(deployment, { status: 'active' });
    clock.set(wakesAt);
    const woken = await started();
    if (wakesAt < closedAt) await submit(woken, '2026-03-31T11:30:00Z');
    clock.set(closedAt);
    await lives(woken);
    const { close, isWhole } = await told(HOUR);
    expect([close?.saidAt, isWhole]).toEqual([closedAt, true]);
    expect(close!.revision).toBeGreaterThan(1);
  });
});
