import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { windowsDigest, type HomeClose } from '@biplane/contracts';
import { eventRecord } from '@biplane/messaging';
import {
  eventually,
  readTopic,
  ServiceClient,
  testKafka,
  testPostgres,
  type TestKafka,
  type TestPostgres,
} from '@biplane/testing';
import { runCore, type RunningCore } from '../../testing/running-core.js';
import { regionBody } from '../../testing/scenario.js';

const startAt = '2026-04-10T12:30:00.000Z';
const homeId = randomUUID();
let postgres: TestPostgres;
let kafka: TestKafka;
let core: RunningCore;

beforeAll(async () => {
  [postgres, kafka] = await Promise.all([testPostgres('core'), testKafka({ partitions: 12 })]);
  core = await runCore({
    databaseUrl: postgres.url,
    regions: [kafka.region],
    kafka: kafka.connection('core'),
    startAt,
  });
  const admin = new ServiceClient(core.url, { clientId: 'admin', clientSecret: 'admin' });
  await admin.expect(200, 'PUT', `/api/v1/regions/${kafka.region}`, regionBody(homeId));
});
afterAll(async () => {
  await core?.close();
  await kafka?.close();
  await postgres?.drop();
});

function close(over: Partial<HomeClose>) {
  const hour = '2026-04-10T11:00:00.000Z';
  const data = { homeId, incarnation: 1, hour, revision: 1, windows: 0, digest: windowsDigest([]), ...over };
  const [id, time] = [randomUUID(), new Date(startAt)];
  return eventRecord('HomeClose', {
    topic: kafka.topics.usage,
    key: homeId,
    id,
    source: `home:${homeId}`,
    subject: homeId,
    time,
    data,
  });
}

describe('the usage topic of the running service', () => {
  it('goes on after a record that no column holds: it is dead-lettered, and what comes after it is taken', async () => {
    const producer = kafka.broker('home').producer();
    await producer.send([close({ incarnation: 2 ** 50 }), close({ windows: 2 ** 50 }), close({})]);
    await producer.close();
    await eventually(
      async () => {
        expect(await postgres.query('SELECT complete FROM home_close WHERE home_id = $1', [homeId])).toEqual([
          { complete: true },
        ]);
      },
      { deadlineMs: 30_000 },
    );
    const letters = await readTopic(kafka.broker('topics'), kafka.topics.usageDlq);
    expect(letters.map(({ headers }) => String(headers['dlq-reason']))).toEqual([
      'RECORD.VALUE_REFUSED: the database cannot hold a value',
      'RECORD.VALUE_REFUSED: the database cannot hold a value',
    ]);
  });
});
