import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { windowsDigest, type HomeClose } from '@biplane/contracts';
import { eventRecord, type BrokerProducer } from '@biplane/messaging';
import {
  eventually,
  readTopic,
  seededRandom,
  seedOfRun,
  ServiceClient,
  testKafka,
  testPostgres,
  type TestKafka,
  type TestPostgres,
} from '@biplane/testing';
import { runCore, type RunningCore } from '../../testing/running-core.js';
import { regionBody } from '../../testing/scenario.js';

const startAt = '2026-04-20T00:00:00.000Z';
const homeId = randomUUID();
let postgres: TestPostgres;
let kafka: TestKafka;
let core: RunningCore;
let producer: BrokerProducer;

beforeAll(async () => {
  [postgres, kafka] = await Promise.all([testPostgres('core'), testKafka({ partitions: 12 })]);
  const connection = kafka.connection('core');
  core = await runCore({ databaseUrl: postgres.url, regions: [kafka.region], kafka: connection, startAt });
  const admin = new ServiceClient(core.url, { clientId: 'admin', clientSecret: 'admin' });
  await admin.expect(200, 'PUT', `/api/v1/regions/${kafka.region}`, regionBody(homeId));
  producer = kafka.broker('home').producer();
});
afterAll(async () => {
  await producer?.close();
  await core?.close();
  await kafka?.close();
  await postgres?.drop();
});

function close(hour: Date, over: Partial<HomeClose> = {}) {
  const data: HomeClose = {
    homeId,
    incarnation: 1,
    hour: hour.toISOString(),
    revision: 1,
    windows: 0,
    digest: windowsDigest([]),
    ...over,
  };
  const envelope = { id: randomUUID(), source: `home:${homeId}`, subject: homeId, time: new Date(startAt) };
  return eventRecord('HomeClose', { topic: kafka.topics.usage, key: homeId, ...envelope, data });
}

const GOOD = 40;
const goodHours = Array.from({ length: GOOD }, (_, no) => new Date(Date.UTC(2026, 3, 10, no)));

/** Ways to spoil a record, each in its own place: text, envelope, schema, and numbers that no column holds. */
function spoiled(random: () => number, no: number) {
  const good = close(goodHours[no % GOOD]!);
  const cut = Math.floor(random() * (good.value ?? '').length);
  const json = JSON.parse(good.value ?? '{}') as Record<string, unknown>;
  const member = Object.keys(json)[Math.floor(random() * Object.keys(json).length)]!;
  const { [member]: _gone, ...lacking } = json;
  const ways = [
    { ...good, value: (good.value ?? '').slice(0, cut) },
    { ...good, value: JSON.stringify(lacking) },
    { ...good, value: JSON.stringify({ ...json, [member]: { nested: [random()] } }) },
    { ...good, value: JSON.stringify({ ...json, remark: 'x'.repeat(1 + Math.floor(random() * 1_000)) }) },
    { ...good, headers: { ...good.headers, ce_type: `dev.biplane.unknown.v${no}` } },
    { ...good, headers: {} },
    close(goodHours[no % GOOD]!, { incarnation: 2 ** 40 + no }),
  ];
  return ways[no % ways.length]!;
}

const reasonsOf = async () => {
  const letters = await readTopic(kafka.broker('topics'), kafka.topics.usageDlq);
  return letters.map(({ headers }) => String(headers['dlq-reason'] ?? ''));
};

describe('poison on the topic of what homes used', () => {
  it('A11: a record that no column can hold is dead-lettered, and the ones behind it are taken in', async () => {
    const [first, poison, last] = [10, 11, 12].map((hour) => new Date(Date.UTC(2026, 3, 9, hour))) as [
      Date,
      Date,
      Date,
    ];
    const spoiled = [close(poison, { incarnation: 2 ** 50 }), close(poison, { windows: 2 ** 50 })];
    await producer.send([close(first), ...spoiled, close(last)]);
    await eventually(
      async () => {
        const rows = await postgres.query<{ hour: Date }>('SELECT hour FROM home_close WHERE complete ORDER BY hour');
        expect(rows.map(({ hour }) => hour)).toEqual([first, last]);
      },
      { deadlineMs: 60_000 },
    );
    const refused = 'RECORD.VALUE_REFUSED: the database cannot hold a value';
    expect(await reasonsOf()).toEqual([refused, refused]);
  });

  it('A11: of 210 malformed records among good ones every good one lands, every bad one is dead-lettered with its reason', async () => {
    const seed = seedOfRun();
    const before = (await reasonsOf()).length;
    const random = seededRandom(seed);
    const bad = Array.from({ length: 210 }, (_, no) => spoiled(random, no));
    const good = goodHours.map((hour) => close(hour));
    const landed = async () =>
      (await postgres.query('SELECT 1 FROM home_close WHERE complete AND hour >= $1', [goodHours[0]])).length;
    const mixed = [...bad, ...good].map((record) => ({ record, at: random() })).sort((a, b) => a.at - b.at);
    await producer.send(mixed.map(({ record }) => record));
    await eventually(
      async () => {
        expect({ seed, landed: await landed() }).toEqual({ seed, landed: GOOD });
        const reasons = (await reasonsOf()).slice(before);
        expect({ seed, letters: reasons.length }).toEqual({ seed, letters: bad.length });
        expect(reasons).not.toContain('');
      },
      { everyMs: 500 },
    );
    // The partition goes on: what is sent afterwards is taken too.
    await producer.send([close(new Date(Date.UTC(2026, 3, 15)))]);
    await eventually(async () => {
      expect(await landed()).toBe(GOOD + 1);
    });
  });
});
