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
import { prepareCatalog, tenantBody } from '../../testing/scenario.js';

let postgres: TestPostgres;
let kafka: TestKafka;

beforeAll(async () => {
  [postgres, kafka] = await Promise.all([testPostgres('core'), testKafka({ partitions: 12 })]);
});
afterAll(async () => {
  await checkInvariants(postgres.url);
  await kafka?.close();
  await postgres?.drop();
});

const creator = new URL('../../testing/tenant-creator.main.ts', import.meta.url);
const rotator = new URL('../../testing/key-rotator.main.ts', import.meta.url);

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
        { deadlineMs: 60_000 },
      );
      const published = new Set(
        (await readTopic(kafka.broker('topics'), kafka.topics.issued)).map(({ key }) => key?.toString()),
      );
      expect(deployments.filter((id) => !published.has(id))).toEqual([]);
    } finally {
      await next.close();
    }
  });

  it.each([
    { point: 'key_rotation_after_switch', hasReissued: false },
    { point: 'key_rotation_after_reissue:3', hasReissued: true },
  ])(
    'a rotation of the signing key that is killed at $point is carried on where it stood',
    async (killed) => {
      const database = await testPostgres('core');
      try {
        const options = { databaseUrl: database.url, regions: ['eu-1'] };
        const first = await runCore(options);
        const admin = new ServiceClient(first.url, { clientId: 'admin', clientSecret: 'admin' });
        await prepareCatalog(admin, { region: 'eu-1', homeId: randomUUID(), key: first.key });
        const next = first.anotherKey();
        await admin.expect(201, 'POST', '/api/v1/licenses/keys', next);
        const deployments = 8;
        for (let index = 0; index < deployments; index += 1) {
          const headers = { 'idempotency-key': randomUUID() };
          await admin.expect(202, 'POST', '/api/v1/tenants', tenantBody(`k-${index}`, 'eu-1'), headers);
        }
        await first.close();

        const input = { ...options, fieldKey: first.fieldKey, kid: next.kid };
        const end = await spawnSource(rotator, input, { FAULT_POINTS: killed.point }).ended;
        expect(end).toMatchObject({ signal: 'SIGKILL' });
        const signedBy = (kid: string) =>
          database.query('SELECT 1 FROM license_head JOIN license USING (deployment_id, version) WHERE kid = $1', [
            kid,
          ]);
        expect((await signedBy(first.key.kid)).length).toBeGreaterThan(0);
        expect((await signedBy(next.kid)).length > 0).toBe(killed.hasReissued);

        const last = await runCore({ ...options, fieldKey: first.fieldKey });
        try {
          await eventually(
            async () =>
              expect(await database.query('SELECT state FROM key_rotation')).toEqual([{ state: 'succeeded' }]),
            { deadlineMs: 60_000 },
          );
        } finally {
          await last.close();
        }
        expect(await signedBy(next.kid)).toHaveLength(deployments);
        // Each was signed once more, and none twice.
        expect(await database.query('SELECT DISTINCT version::int FROM license_head')).toEqual([{ version: 2 }]);
        await checkInvariants(database.url);
      } finally {
        await database.drop();
      }
    },
    240_000,
  );
});
