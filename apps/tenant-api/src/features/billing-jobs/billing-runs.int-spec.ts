import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { Metrics, querySql, RandomIds, type Tx, type UnitOfWork } from '@biplane/service-kit';
import { FakeClock, testPostgres, testUnitOfWork, type TestPostgres } from '@biplane/testing';
import type { TenantHandle } from '../tenancy/index.js';
import { BillingRuns } from './billing-runs.service.js';
import { RunWork } from './run-kinds.js';
import { listRuns, openRun } from './runs.store.js';

let postgres: TestPostgres;
let database: UnitOfWork;

beforeAll(async () => {
  Logger.overrideLogger(['fatal']);
  postgres = await testPostgres('tenant');
  database = await testUnitOfWork('tenant', postgres.url);
});
afterAll(async () => {
  await database?.close();
  await postgres?.drop();
});

it('a turn whose instant comes while a run is requested is made after that one, and not lost', async () => {
  const clock = new FakeClock('2026-03-31T21:00:00.000Z');
  const work = new RunWork();
  work.register('statements', () => Promise.resolve({ done: 0, skipped: 0, isDone: true }));
  const runs = new BillingRuns(work, new Metrics(), clock, new RandomIds(clock));
  await database.run((tx) => runs.schedule(tx, { kind: 'statements', enabled: true, timeZone: 'Europe/Zurich', dayOfMonth: 1 }));
  const [late, midnight] = ['2026-03-31T21:59:59.999Z', '2026-03-31T22:00:00.000Z'];
  clock.set(new Date(late));
  // Whoever looks has seen no run; then somebody requests one, and it is midnight.
  let hasLooked = false;
  const tenant = {
    read: async <T>(reading: (reader: Tx) => Promise<T>): Promise<T> => {
      const found = await reading(database.reader);
      if (!hasLooked) {
        hasLooked = true;
        await database.run((tx) => runs.request(tx, 'statements', 'member:staff'));
        clock.set(new Date(midnight));
      }
      return found;
    },
    run: <T>(writing: (tx: Tx) => Promise<T>) => database.run(writing),
  } as TenantHandle;
  for (let looks = 0; looks < 2; looks += 1) await runs.performDue(tenant, () => true);
  const made = await database.run((tx) => listRuns(tx, { after: null, take: 9 }));
  expect(made.map(({ dueAt, state, requestedBy }) => [dueAt.toISOString(), state, requestedBy])).toEqual([
    [midnight, 'succeeded', 'job:billing-schedule'],
    [late, 'succeeded', 'member:staff'],
  ]);
}); // prettier-ignore

it('a run that fails holds up none of the other kind, comes again later and later, and says why until it goes on', async () => {
  const clock = new FakeClock('2027-01-01T12:00:00.000Z');
  const work = new RunWork();
  const [turns, charged]: [Date[], Date[]] = [[], []];
  let isBroken = true;
  work.register('statements', async (tx) => {
    turns.push(clock.now());
    if (isBroken) await querySql(tx, 'SELECT 1 / 0');
    return { done: 1, skipped: 0, isDone: true };
  });
  work.register('billing', () => {
    charged.push(clock.now());
    return Promise.resolve({ done: 1, skipped: 0, isDone: true });
  });
  const runs = new BillingRuns(work, new Metrics(), clock, new RandomIds(clock));
  const tenant = {
    read: <T>(reading: (reader: Tx) => Promise<T>) => reading(database.reader),
    run: <T>(writing: (tx: Tx) => Promise<T>) => database.run(writing),
  } as TenantHandle;
  const [day, failing] = [86_400_000, async () => (await database.run((tx) => openRun(tx, 'statements')))!];
  for (const kind of ['statements', 'billing'] as const) {
    await database.run((tx) => runs.schedule(tx, { kind, enabled: true, timeZone: 'UTC', dayOfMonth: null }));
  }
  const midnight = new Date('2027-01-02T00:00:00.000Z');
  clock.set(midnight);
  await database.run((tx) => runs.request(tx, 'statements', 'member:staff'));
  await runs.performDue(tenant, () => true);
  expect([turns, charged]).toEqual([[midnight], [midnight]]);
  const { id, ...first } = await failing();
  expect(first).toMatchObject({ state: 'running', done: 0, failures: 1, lastError: 'UNEXPECTED', retryAt: new Date(+midnight + 15_000) });
  // Not before its time, however often somebody looks.
  clock.advance(14_999);
  await runs.performDue(tenant, () => true);
  expect(turns).toHaveLength(1);
  // Five days on, in which the other kind has its turn each day, and the schedule of this one waits for its run.
  for (let turn = 2; turn <= 8; turn += 1) {
    clock.set(turn < 4 ? (await failing()).retryAt! : new Date(+midnight + (turn - 3) * day));
    await runs.performDue(tenant, () => true);
    expect(await failing()).toMatchObject({ id, failures: turn });
  }
  expect((await failing()).retryAt).toEqual(new Date(+clock.now() + 900_000));
  expect([turns.length, charged.length]).toEqual([8, 6]);
  isBroken = false;
  clock.advance(900_000);
  await runs.performDue(tenant, () => true);
  const made = await database.run((tx) => listRuns(tx, { after: null, take: 99 }));
  const stated = made.filter(({ kind, dueAt }) => kind === 'statements' && dueAt >= midnight);
  expect(stated).toMatchObject([{ id, state: 'succeeded', done: 1, failures: 0, lastError: null, retryAt: null }]);
}); // prettier-ignore
