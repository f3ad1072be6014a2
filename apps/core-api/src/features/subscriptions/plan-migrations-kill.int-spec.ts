import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import {
  checkInvariants,
  ServiceClient,
  spawnSource,
  testPostgres,
  waitFor,
  type TestPostgres,
} from '@biplane/testing';
import { publishLike } from '../../testing/core-suite.js';
import { runCore } from '../../testing/running-core.js';
import { prepareCatalog, studio, tenantBody } from '../../testing/scenario.js';

const server = new URL('../../testing/core-server.main.ts', import.meta.url);
let postgres: TestPostgres;

beforeAll(async () => {
  postgres = await testPostgres('core');
});
afterAll(async () => {
  await checkInvariants(postgres.url);
  await postgres?.drop();
});

describe('a plan migration that is killed', () => {
  it('goes on where it was, and moves or skips each subscription once', async () => {
    const options = { databaseUrl: postgres.url, regions: ['eu-1'] };
    const first = await runCore(options);
    const admin = new ServiceClient(first.url, { clientId: 'admin', clientSecret: 'admin' });
    await prepareCatalog(admin, { region: 'eu-1', homeId: randomUUID(), key: first.key });
    await publishLike(admin, { code: 'moving', rank: 20 });
    const subscriptions = 4;
    const made: string[] = [];
    for (let count = 0; count < subscriptions + 1; count += 1) {
      const body = { ...tenantBody(`t-${randomUUID().slice(0, 8)}`, 'eu-1'), plan: { code: 'moving' } };
      const answer = await admin.post('/api/v1/tenants', body, { 'idempotency-key': randomUUID() });
      made.push((answer.body as { deployment: { id: string } }).deployment.id);
    }
    // The first has no next period: whoever goes on comes to it again.
    const cancelled = { to: 'cancelled', reason: 'x' };
    await admin.expect(200, 'POST', `/api/v1/deployments/${made[0]}/transition`, cancelled);
    const versions = '/api/v1/subscription/plans/moving/versions';
    await admin.expect(201, 'POST', versions, { version: { ...studio.version, baseFee: '60.00' } });
    await admin.expect(200, 'POST', `${versions}/2/publish`);
    await first.close();
    // Decided while no process runs, so that each one that starts finds it waiting.
    const id = randomUUID();
    await postgres.query(
      `INSERT INTO plan_migration (id, plan_code, to_version, from_versions, mode, effective, reason, actor, state, matched,
         migrated, skipped, created_at)
       VALUES ($1, 'moving', 2, '{1}', 'migrate', 'next_period', 'new prices', 'admin', 'running', $2, 0, 0, now())`,
      [id, subscriptions + 1],
    );
    const input = { ...options, fieldKey: first.fieldKey };
    for (const hit of [2, 3]) {
      const killed = await spawnSource(server, input, { FAULT_POINTS: `plan_migration_between:${hit}` }).ended;
      expect(killed).toMatchObject({ signal: 'SIGKILL' });
    }
    expect(await migrated(id)).toEqual([{ state: 'running', migrated: 3, skipped: 1 }]);
    const last = await runCore(input);
    try {
      await waitFor('the rest', async () => (await migrated(id))[0]?.state === 'done');
    } finally {
      await last.close();
    }
    expect(await migrated(id)).toEqual([{ state: 'done', migrated: subscriptions, skipped: 1 }]);
    // One assignment from the start, and one of the migration.
    const rows = await postgres.query<{ plans: number }>(
      `SELECT (SELECT count(*)::int FROM subscription_plan p WHERE p.subscription_id = s.id) AS plans FROM subscription s ORDER BY 1`,
    );
    expect(rows.map(({ plans }) => plans)).toEqual([1, 2, 2, 2, 2]);
  });
});

const migrated = (id: string) =>
  postgres.query<{ state: string; migrated: number; skipped: number }>(
    'SELECT state, migrated, skipped FROM plan_migration WHERE id = $1',
    [id],
  );
