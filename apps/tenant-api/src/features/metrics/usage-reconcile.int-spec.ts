import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parsePlaneEvent } from '@biplane/contracts';
import type { LicensedLimit } from '@biplane/licensing';
import type { UnitOfWork } from '@biplane/service-kit';
import { checkInvariants, FakeClock, testPostgres, testUnitOfWork, type TestPostgres } from '@biplane/testing';
import { TestLicenses, usageEvent, UsageReplica } from '../../testing/usage-rig.js';

const NOW = '2026-04-10T12:30:00.000Z';
const API_CALLS: LicensedLimit = {
  meter: 'api_calls',
  authority: 'data',
  aggregation: 'sum',
  cap: '10',
  window: 'month',
  strategy: 'hard_block',
  warnAt: [],
};

let clock: FakeClock;
let licenses: TestLicenses;
let database: TestPostgres;
let unitOfWork: UnitOfWork;
let replica: UsageReplica;
let deployment: string;
let homeId: string;

beforeEach(async () => {
  homeId = randomUUID();
  clock = new FakeClock(NOW);
  licenses = new TestLicenses(homeId, clock);
  database = await testPostgres('home');
  unitOfWork = await testUnitOfWork('home', database.url);
  replica = new UsageReplica({ clock, unitOfWork, homeId, licenses });
  deployment = licenses.place('2026-04-10T10:00:00.000Z');
});
afterEach(async () => {
  await checkInvariants(database.url);
  await unitOfWork.close();
  await database.drop();
});

const limit = (changes: Partial<LicensedLimit> = {}, timeZone = 'Australia/Brisbane'): void =>
  licenses.change(deployment, {
    calendar: { timeZone },
    modules: { financials: { features: ['automated_billing'], limits: [{ ...API_CALLS, ...changes }] } },
  });
const submit = (id: string, quantity: string, time = '2026-04-10T12:00:00Z', meter = 'api_calls') =>
  replica.metrics.accept(usageEvent(deployment, { id, time, quantity, meter }));
const windows = () =>
  database.query('SELECT meter, trim_scale(quantity)::text AS q, revision::int AS r FROM usage_window ORDER BY meter');
const adjustments = () =>
  database.query(
    'SELECT subject, trim_scale(before)::text AS b, trim_scale(after)::text AS a, trim_scale(delta)::text AS d, cause FROM usage_adjustment ORDER BY id',
  );
/** By hand, as no program of ours does it. */
const corrupt = (meter: string, by: number) =>
  database.query(`UPDATE usage_window SET quantity = quantity + $2, revision = revision + 1 WHERE meter = $1`, [
    meter,
    by,
  ]);

describe('reconciliation', () => {
  it('C6: a window that drifted is recounted from the log of events and calls, said so, and sent up again', async () => {
    await submit('a', '4');
    await submit('peak', '9', '2026-04-10T12:00:00Z', 'peak_users');
    await submit('old', '7', '2026-04-10T12:10:00Z', 'storage_gb');
    await submit('new', '3', '2026-04-10T12:20:00Z', 'storage_gb');
    for (let n = 0; n < 3; n += 1) await replica.call(deployment);
    await replica.counter.flush();
    expect((await replica.reconciler.reconcile(null)).adjustments).toEqual([]);
    await corrupt('api_calls', 5);
    await corrupt('peak_users', -2);
    await corrupt('storage_gb', 4);
    const { adjustments: made } = await replica.reconciler.reconcile(deployment);
    expect(made).toHaveLength(3);
    expect(await windows()).toEqual([
      { meter: 'api_calls', q: '7', r: 4 },
      { meter: 'peak_users', q: '9', r: 3 },
      { meter: 'storage_gb', q: '3', r: 4 },
    ]);
    expect(await adjustments()).toEqual([
      { subject: 'window', b: '12', a: '7', d: '-5', cause: 'on demand' },
      { subject: 'window', b: '7', a: '9', d: '2', cause: 'on demand' },
      { subject: 'window', b: '7', a: '3', d: '-4', cause: 'on demand' },
    ]);
    await replica.reporter.sendChanges(clock.now());
    const rows = await database.query<{ headers: Record<string, string>; value: string }>('SELECT * FROM outbox');
    const sent = rows.map(({ headers, value }) => parsePlaneEvent(headers, value));
    expect(sent).toContainEqual(
      expect.objectContaining({
        value: expect.objectContaining({
          data: expect.objectContaining({ meter: 'api_calls', quantity: '7', revision: 4 }),
        }),
      }),
    );
  });

  it('C6: a counter that drifted is set right within the hour, and the gate decides by it', async () => {
    limit();
    await submit('a', '4');
    await replica.reporter.closeHours(clock.now());
    await replica.reconciler.runWhenDue(clock.now());
    await database.query('UPDATE limit_counter SET used = used + 6');
    const fresh = () => new UsageReplica({ clock, unitOfWork, homeId, licenses });
    expect(await fresh().call(deployment)).toMatchObject({ isAllowed: false, used: '10' });
    await replica.reconciler.runWhenDue(clock.now());
    expect(await adjustments()).toEqual([]);
    clock.advance(3_600_000);
    await Promise.all([replica.reconciler.runWhenDue(clock.now()), fresh().reconciler.runWhenDue(clock.now())]);
    expect(await adjustments()).toEqual([{ subject: 'counter', b: '10', a: '4', d: '-6', cause: 'hourly' }]);
    expect(await fresh().call(deployment)).toMatchObject({ isAllowed: true });
  });

  it('usage that is counted while it is recounted is neither lost nor corrected', async () => {
    limit({ cap: '100000' });
    const batches = Array.from({ length: 20 }, (_, n) => submit(`${n}`, '1'));
    const recounts = Array.from({ length: 5 }, () => replica.reconciler.reconcile(null));
    await Promise.all([...batches.slice(0, 10), ...recounts, ...batches.slice(10)]);
    expect(await adjustments()).toEqual([]);
    expect(await windows()).toEqual([{ meter: 'api_calls', q: '20', r: 20 }]);
  });
});

describe('days of limits', () => {
  it.each([
    ['Asia/Kolkata', '2026-04-10T18:30:00Z'],
    ['Asia/Kathmandu', '2026-04-10T18:15:00Z'],
    ['Australia/Lord_Howe', '2026-04-10T13:30:00Z'],
    // Lord Howe goes back by half an hour at 15:00 UTC: the day before has 24 and a half hours.
    ['Australia/Lord_Howe', '2026-04-05T13:30:00Z'],
    ['Europe/Berlin', '2026-04-10T22:00:00Z'],
  ])('a day in %s begins at its midnight, %s, to the second', async (zone, midnight) => {
    limit({ window: 'day' }, zone);
    licenses.change(deployment, { startsAt: '2026-04-01T00:00:00.000Z' });
    const at = (offsetMs: number): Date => new Date(Date.parse(midnight) + offsetMs);
    clock.set(at(60_000));
    await submit('before', '8', at(-1).toISOString());
    await submit('first', '1', at(0).toISOString());
    await replica.call(deployment);
    await replica.counter.flush();
    const used = (when: Date) => replica.used(deployment, 'api_calls', 'sum', 'day', when, zone);
    expect([await used(at(-1)), await used(at(0))]).toEqual(['8', '2']);
    const counters = await database.query<{ q: string }>(
      'SELECT trim_scale(used)::text AS q FROM limit_counter ORDER BY window_start',
    );
    expect(counters.map(({ q }) => q)).toEqual(['8', '2']);
    expect((await replica.reconciler.reconcile(null)).adjustments).toEqual([]);
  });
});
