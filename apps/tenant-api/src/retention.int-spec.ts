import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Metrics, RetentionJob, type UnitOfWork } from '@biplane/service-kit';
import { FakeClock, testPostgres, testUnitOfWork, type TestPostgres } from '@biplane/testing';
import { limitsRetention, RETENTION } from './retention.module.js';
import { TestLicenses, usageEvent, UsageReplica } from './testing/usage-rig.js';

const clock = new FakeClock('2026-04-10T12:30:00.000Z');
let database: TestPostgres;
let unitOfWork: UnitOfWork;

beforeAll(async () => {
  database = await testPostgres('home');
  unitOfWork = await testUnitOfWork('home', database.url);
});
afterAll(async () => {
  await unitOfWork.close();
  await database.drop();
});

const left = async (table: string): Promise<number | undefined> =>
  (await database.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${table}`))[0]?.n;

describe('what a home keeps', () => {
  it('goes when its time is over and not before, while windows stay', async () => {
    const homeId = randomUUID();
    const licenses = new TestLicenses(homeId, clock);
    const deployment = licenses.place('2026-04-09T00:00:00.000Z');
    const replica = new UsageReplica({ clock, unitOfWork, homeId, licenses });
    const event = { id: 'a', time: '2026-04-10T12:00:00Z', quantity: '1', meter: 'api_calls' };
    await replica.metrics.accept(usageEvent(deployment, event));
    await replica.call(deployment);
    await replica.counter.flush();
    await replica.call(deployment, 'api_calls', 'search:index'); // denied, so it is recorded
    await replica.counter.flush();
    const job = new RetentionJob(unitOfWork, [...RETENTION, ...limitsRetention(replica.decider)], new Metrics());
    const tables = ['usage_event_key', 'usage_event', 'usage_call', 'usage_flush', 'decision', 'usage_window'];
    const leftAfter = async (days: number): Promise<unknown[]> => {
      clock.advance(days * 24 * 3_600_000);
      await job.run(clock.now());
      return Promise.all(tables.map(left));
    };
    expect(await leftAfter(39)).toEqual([1, 1, 1, 1, 1, 1]);
    expect(await leftAfter(30)).toEqual([1, 1, 1, 0, 1, 1]);
    expect(await leftAfter(2)).toEqual([0, 1, 1, 0, 1, 1]);
    expect(await leftAfter(20)).toEqual([0, 1, 1, 0, 0, 1]);
    expect(await leftAfter(304)).toEqual([0, 1, 1, 0, 0, 1]);
    expect(await leftAfter(2)).toEqual([0, 0, 0, 0, 0, 1]);
  });

  it('a migration of the fleet goes with all its databases thirteen months after its end, and never while it runs', async () => {
    const now = clock.now();
    const daysAgo = (days: number) => new Date(now.getTime() - days * 24 * 3_600_000);
    await database.query(
      `INSERT INTO fleet_run (id, target_version, target_hash, state, wave, waves, at_once_max, failures_percent_max, attempts_max,
                              failures_acknowledged, requested_by, created_at, updated_at, ended_at)
       SELECT gen_random_uuid(), 'v', repeat('0', 16), CASE WHEN at IS NULL THEN 'running' ELSE 'done' END, 1, 1, 1, 1, 1, 0, 'x', $1, $1, at
         FROM unnest($2::timestamptz[]) AS at`,
      [daysAgo(500), [daysAgo(396.01), daysAgo(395.99), null]],
    );
    await database.query(
      `INSERT INTO fleet_migration (run_id, deployment_id, wave, position, state, attempt, next_attempt_at)
       SELECT r.id, gen_random_uuid(), 1, no, 'done', 1, r.created_at FROM fleet_run r, generate_series(1, 1500) AS no`,
    );
    await new RetentionJob(unitOfWork, RETENTION, new Metrics()).run(now);
    expect([await left('fleet_run'), await left('fleet_migration')]).toEqual([2, 3_000]);
  });
});
