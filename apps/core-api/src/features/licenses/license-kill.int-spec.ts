import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import {
  checkInvariants,
  eventually,
  readTopic,
  ServiceClient,
  spawnSource,
  testKafka,
  testPostgres,
  type TestKafka,
  type TestPostgres,
} from '@biplane/testing';
import { runCore } from '../../testing/running-core.js';
import { prepareCatalog } from '../../testing/scenario.js';

let postgres: TestPostgres;
let kafka: TestKafka;

beforeAll(async () => {
  [postgres, kafka] = await Promise.all([testPostgres('core'), testKafka({ partitions: 12 })]);
}, 30_000);
afterAll(async () => {
  await checkInvariants(postgres.url);
  await kafka?.close();
  await postgres?.drop();
}, 30_000);

const creator = new URL('../../testing/tenant-creator.main.ts', import.meta.url);

describe('core-api killed', () => {
  it('A5: a license that was committed by a process killed before it published is published by the next', async () => {
    const options = { databaseUrl: postgres.url, regions: [kafka.region], kafka: kafka.connection('core') };
    const first = await runCore(options);
    const admin = new ServiceClient(first.url, { clientId: 'admin', clientSecret: 'admin' });
    await prepareCatalog(admin, { region: kafka.region, homeId: randomUUID(), key: first.key });
    await first.close();

    // No broker: whatever these commit, they cannot send.
    const input = { ...options, kafka: undefined, fieldKey: first.fieldKey, region: kafka.region };
    for (const hit of [3]) {
      const end = await spawnSource(creator, input, { FAULT_POINTS: `license_after_commit:${hit}` }).ended;
      expect(end).toMatchObject({ signal: 'SIGKILL' });
    }
    // Every kill left at least the license that was just committed.
    const deployments = (await postgres.query<{ id: string }>('SELECT deployment_id AS id FROM license_head')).map(
      ({ id }) => id,
    );
    expect(deployments.length).toBeGreaterThanOrEqual(3);
    const waiting = await postgres.query('SELECT 1 FROM outbox WHERE published_at IS NULL');
    expect(waiting.length).toBeGreaterThan(0);

    const next = await runCore({ ...options, fieldKey: first.fieldKey });
    try {
      await eventually(
        async () => {
          expect(await postgres.query('SELECT 1 FROM outbox WHERE published_at IS NULL')).toEqual([]);
        },
        { deadlineMs: 20_000 },
      );
      const published = new Set(
        (await readTopic(kafka.broker('topics'), kafka.topics.issued)).map(({ key }) => key?.toString()),
      );
      expect(deployments.filter((id) => !published.has(id))).toEqual([]);
    } finally {
      await next.close();
    }
  }, 90_000);
});
