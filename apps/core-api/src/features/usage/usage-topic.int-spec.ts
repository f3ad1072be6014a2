import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { windowsDigest, type HomeClose } from '@biplane/contracts';
import { eventRecord, type BrokerProducer } from '@biplane/messaging';
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
import { prepareCatalog } from '../../testing/scenario.js';

const homeId = randomUUID();
let postgres: TestPostgres;
let kafka: TestKafka;
let core: RunningCore;
let producer: BrokerProducer;

beforeAll(async () => {
  [postgres, kafka] = await Promise.all([testPostgres('core'), testKafka({ partitions: 12 })]);
  const connection = kafka.connection('core');
  core = await runCore({ databaseUrl: postgres.url, regions: [kafka.region], kafka: connection });
  const admin = new ServiceClient(core.url, { clientId: 'admin', clientSecret: 'admin' });
  await prepareCatalog(admin, { region: kafka.region, homeId, key: core.key });
  producer = kafka.broker('home').producer();
});
afterAll(async () => {
  await producer?.close();
  await core?.close();
  await kafka?.close();
  await postgres?.drop();
});

function close(hour: string, over: Partial<HomeClose> = {}) {
  const data: HomeClose = {
    homeId,
    incarnation: 1,
    hour,
    revision: 1,
    windows: 0,
    digest: windowsDigest([]),
    ...over,
  };
  const envelope = { id: randomUUID(), source: `home:${homeId}`, subject: homeId, time: new Date() };
  return eventRecord('HomeClose', { topic: kafka.topics.usage, key: homeId, ...envelope, data });
}

describe('the topic of what homes used, through the whole service', () => {
  it('A11: a record that no column can hold is dead-lettered, and the ones behind it are taken in', async () => {
    const [first, poison, last] = ['2026-04-10T10:00:00.000Z', '2026-04-10T11:00:00.000Z', '2026-04-10T12:00:00.000Z'];
    await producer.send([close(first), close(poison, { incarnation: 2 ** 40 }), close(last)]);
    await eventually(
      async () => {
        const rows = await postgres.query<{ hour: Date }>('SELECT hour FROM home_close ORDER BY hour');
        expect(rows.map(({ hour }) => hour.toISOString())).toEqual([first, last]);
      },
      { deadlineMs: 60_000 },
    );
    const letters = await readTopic(kafka.broker('topics'), `${kafka.topics.usage}.dlq`);
    expect(letters.map(({ headers }) => String(headers['dlq-reason']))).toEqual([
      'RECORD.VALUE_REFUSED: the database cannot hold a value',
    ]);
  });
});
