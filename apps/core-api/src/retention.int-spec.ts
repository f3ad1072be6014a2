import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Metrics, RandomIds, RetentionJob, type JobRunner, type UnitOfWork } from '@biplane/service-kit';
import { FakeClock, testPostgres, testUnitOfWork, type TestPostgres } from '@biplane/testing';
import { LimitEngine } from './features/limits/index.js';
import { RETENTION } from './retention.module.js';

const now = new Date('2026-11-21T00:00:00Z');
const daysAgo = (days: number) => new Date(now.getTime() - days * 24 * 3_600_000).toISOString();
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

const left = async (table: string) =>
  (await postgres.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${table}`))[0]?.n;

describe('what is kept', () => {
  it('is deleted a moment after its time and not before, and what was never sent is never deleted', async () => {
    const id = '019d4431-af3d-7881-9f45-2821444d9094';
    await postgres.query(
      `INSERT INTO outbox (topic, key, headers, value, compacted, created_at, published_at)
       SELECT 't', 'k', '{}', 'v', false, '2020-01-01', at FROM unnest($1::timestamptz[]) AS at`,
      [[daysAgo(7.01), daysAgo(6.99), null]],
    );
    await postgres.query(
      `INSERT INTO usage_event_key SELECT $1, 's', no::text, 'h', at FROM unnest($2::timestamptz[]) WITH ORDINALITY AS a(at, no)`,
      [id, [daysAgo(70.01), daysAgo(69.99)]],
    );
    await postgres.query(
      `INSERT INTO usage_event (deployment_id, source, event_id, meter, quantity, occurred_at, window_start, received_at)
       SELECT $1, 's', at::text, 'm', 1, at, at, at FROM unnest($2::timestamptz[]) AS at`,
      [id, [daysAgo(397), daysAgo(395)]],
    );
    await postgres.query(
      `INSERT INTO webhook_endpoint (id, url, state, secret_encrypted, created_at, updated_at) VALUES ($1, 'u', 'enabled', 's', $2, $2)`,
      [id, daysAgo(40)],
    );
    await postgres.query(
      `INSERT INTO webhook_delivery (id, endpoint_id, event_id, event_type, payload, state, attempts, due_at, give_up_at, created_at)
       SELECT gen_random_uuid(), $1, $1, 't', '{}', state, 1, at, at, at
       FROM unnest($2::text[], $3::timestamptz[]) AS rows(state, at)`,
      [
        id,
        ['delivered', 'failed', 'waiting', 'delivered'],
        [daysAgo(30.01), daysAgo(30.01), daysAgo(30.01), daysAgo(29.99)],
      ],
    );
    const job = new RetentionJob(unitOfWork, RETENTION, new Metrics());
    await job.run(now);
    await job.run(now);
    expect([await left('outbox'), await left('usage_event_key'), await left('usage_event')]).toEqual([2, 1, 1]);
    expect(await left('webhook_delivery')).toBe(2);
  });

  it('an instance that is silent for a month goes with all that it enforced, however much that was', async () => {
    await postgres.query(
      `INSERT INTO instance (id, home_id, region, kids, licenses_digest, license_count, refused, draining, reported_at, first_seen_at, received_at)
       SELECT id, gen_random_uuid(), 'eu-1', '{}', '', 0, '0', false, at, at, at FROM unnest($1::text[], $2::timestamptz[]) AS rows(id, at)`,
      [
        ['silent', 'live'],
        [daysAgo(30.01), daysAgo(29.99)],
      ],
    );
    await postgres.query(
      `INSERT INTO instance_license (instance_id, deployment_id, version, since)
       SELECT id, gen_random_uuid(), 1, $1 FROM unnest('{silent,live}'::text[]) AS id, generate_series(1, 1500)`,
      [daysAgo(60)],
    );
    await new RetentionJob(unitOfWork, RETENTION, new Metrics()).run(now);
    expect(await postgres.query('SELECT id FROM instance')).toEqual([{ id: 'live' }]);
    expect(await left('instance_license')).toBe(1_500);
  });

  it('a violation goes thirteen months after it was resolved, once nothing tells of it, and never while it is open', async () => {
    await postgres.query(
      `INSERT INTO violation (id, tenant_id, deployment_id, rule, severity, module, meter, period_start, source, license_version,
                              count, first_at, last_at, detected_at, resolved_at, resolved_by, resolved_reason)
       SELECT id, id, id, 'limit_denied', 'warning', 'm', 'calls', $3, 'control', 1, 1, $3, $3, $3, resolved_at,
              CASE WHEN resolved_at IS NOT NULL THEN 'x' END, CASE WHEN resolved_at IS NOT NULL THEN 'x' END
         FROM unnest($1::uuid[], $2::timestamptz[]) AS rows(id, resolved_at)`,
      [
        [1, 2, 3, 4].map((no) => `019d4431-af3d-7881-9f45-00000000000${no}`),
        [daysAgo(396.01), daysAgo(395.99), null, daysAgo(400)],
        daysAgo(500),
      ],
    );
    const told = '019d4431-af3d-7881-9f45-000000000004';
    await postgres.query(`INSERT INTO violation_report VALUES ($1, $1, $1, 1, $2)`, [told, daysAgo(1)]);
    await new RetentionJob(unitOfWork, RETENTION, new Metrics()).run(now);
    const ids = await postgres.query<{ no: string }>('SELECT right(id::text, 1) AS no FROM violation ORDER BY id');
    expect(ids.map(({ no }) => no)).toEqual(['2', '3', '4']);
  });

  it('a roll-up goes thirteen months after it ended, and whom it parked stays until that is decided', async () => {
    await postgres.query(
      `INSERT INTO rollup_run (id, month, trigger, force, state, actor, at, ended_at, expected, examined, issued, replaced, provisional,
                               parked, skipped, totals)
       SELECT gen_random_uuid(), '2025-01', 'schedule', false, CASE WHEN ended_at IS NULL THEN 'running' ELSE 'succeeded' END, 'x', $2,
              ended_at, 0, 0, 0, 0, 0, 0, '{}', '{}' FROM unnest($1::timestamptz[]) AS ended_at`,
      [[daysAgo(396.01), daysAgo(395.99), null], daysAgo(500)],
    );
    await postgres.query(
      `INSERT INTO rollup_parked (run_id, tenant_id, month, code, detail, parked_at, resolved_at)
       SELECT gen_random_uuid(), gen_random_uuid(), '2025-01', 'X', 'x', $2, resolved_at FROM unnest($1::timestamptz[]) AS resolved_at`,
      [[daysAgo(396.01), daysAgo(395.99), null], daysAgo(500)],
    );
    await new RetentionJob(unitOfWork, RETENTION, new Metrics()).run(now);
    expect([await left('rollup_run'), await left('rollup_parked')]).toEqual([2, 2]);
  });

  it('what clusters and homes once said goes when it is taken in and old; of the present license it stays', async () => {
    const id = '019d4431-af3d-7881-9f45-2821444d9095';
    await postgres.query(
      `INSERT INTO home_observation (home_id, deployment_id, tenant_id, conditions, is_gone, at, consumed_at)
       SELECT $1, $1, $1, '[]', false, $2, at FROM unnest($3::timestamptz[]) AS at`,
      [id, daysAgo(500), [daysAgo(30.01), daysAgo(29.99), null]],
    );
    await postgres.query(
      `INSERT INTO home_orphan (uid, namespace, region, reason, first_seen_at, deleted_at)
       SELECT 'u' || no, 'n', 'eu-1', 'HOME_GONE', $1, at FROM unnest($2::timestamptz[]) WITH ORDINALITY AS rows(at, no)`,
      [daysAgo(500), [daysAgo(396.01), daysAgo(395.99), null]],
    );
    await postgres.query(
      `INSERT INTO license_head (deployment_id, tenant_id, region, home_id, version, jti, status, issued_at, last_published_at)
       VALUES ($1, $1, 'eu-1', $1, 2, $1, 'revoked', $2, $2)`,
      [id, daysAgo(500)],
    );
    await postgres.query(
      `INSERT INTO license_propagation (deployment_id, version, issued_at, last_applied_at, millis)
       SELECT $1, version, $2, $2, 1 FROM generate_series(1, 2) AS version`,
      [id, daysAgo(500)],
    );
    await new RetentionJob(unitOfWork, RETENTION, new Metrics()).run(now);
    expect([await left('home_observation'), await left('home_orphan')]).toEqual([2, 2]);
    expect(await postgres.query('SELECT version::int AS version FROM license_propagation')).toEqual([{ version: 2 }]);
  });

  it('goes in portions, to the last row, and a rule that fails leaves the others their turn', async () => {
    await postgres.query(
      `INSERT INTO usage_event_key SELECT '019d4431-af3d-7881-9f45-2821444d9094', 'many', no::text, 'h', $1 FROM generate_series(1, 2500) AS no`,
      [daysAgo(71)],
    );
    const broken = { name: 'broken', keepMs: 0, forget: () => Promise.reject(new Error('as if a table was away')) };
    await new RetentionJob(unitOfWork, [broken, ...RETENTION], new Metrics()).run(now);
    expect(await left('usage_event_key')).toBe(1);
  });

  it('decisions of a flood are forgotten as fast as they came', async () => {
    await postgres.query(
      `INSERT INTO decision (id, deployment_id, principal, action, outcome, answer, decided_at)
       SELECT gen_random_uuid(), gen_random_uuid(), 'gate', 'a:b', 'deny', '{}', at::timestamptz
         FROM unnest($1::text[], $2::int[]) AS rows(at, times), generate_series(1, times)`,
      [
        [daysAgo(70.01), daysAgo(69.99)],
        [2_500, 1],
      ],
    );
    const jobs: { name: string; run: (now: Date) => Promise<void> }[] = [];
    const runner = { register: (job: (typeof jobs)[number]) => void jobs.push(job) } as unknown as JobRunner;
    const clock = new FakeClock(now.toISOString());
    new LimitEngine(unitOfWork, runner, clock, new RandomIds(clock)).onModuleInit();
    await jobs.find(({ name }) => name === 'limits-forget')!.run(now);
    expect(await left('decision')).toBe(1);
  });
});
