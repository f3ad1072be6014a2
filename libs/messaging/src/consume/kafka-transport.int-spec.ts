import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Logger, Module, type INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventPattern, Payload } from '@nestjs/microservices';
import { toCloudEvent } from '@biplane/contracts';
import { err, ok, type Result } from '@biplane/kernel';
import {
  eventually,
  FakeClock,
  readTopic,
  seedOfRun,
  shuffleAndRepeat,
  testKafka,
  waitFor,
  type TestKafka,
} from '@biplane/testing';
import { PermanentRecordError, type BrokerMessage, type BrokerRecord, type ConsumedBatch } from '../index.js';
import { KafkaTransport, PassErrorsOn } from './kafka-transport.js';

interface Total {
  readonly revision: number;
  readonly quantity: number;
}

/** Stands for a database: its effect is a conditional upsert, as every consumer's is. */
class Totals {
  readonly rows = new Map<string, Total>();
  readonly order: string[] = [];
  handled = 0;
  fail: (value: string) => Error | null = () => null;

  async apply(batch: ConsumedBatch<string>): Promise<void> {
    for (const { payload } of batch.records) {
      const error = this.fail(payload);
      if (error) throw error;
    }
    for (const { key, payload } of batch.records) {
      this.handled += 1;
      this.order.push(payload);
      const [revision = 0, quantity = 0] = payload.split(':').map(Number);
      if (revision > (this.rows.get(key ?? '')?.revision ?? 0)) this.rows.set(key ?? '', { revision, quantity });
    }
  }
}

let totals = new Totals();

@Controller()
class TotalsController {
  @EventPattern('usage.metrics')
  async consume(@Payload() batch: ConsumedBatch<string>): Promise<void> {
    await totals.apply(batch);
  }
}

@Module({ controllers: [TotalsController] })
class TotalsModule {}

const parse = (record: BrokerRecord): Result<never> =>
  record.value?.toString().startsWith('bad')
    ? err({ code: 'RECORD.BAD', status: 400, title: 'bad', detail: 'not a total' })
    : ok(String(record.value) as never);

describe('the Kafka transport', () => {
  let kafka: TestKafka;
  let service: INestMicroservice | null = null;
  const clock = new FakeClock('2026-03-31T10:00:00.000Z');

  beforeAll(async () => {
    Logger.overrideLogger(false);
  });
  beforeEach(async () => {
    totals = new Totals();
    kafka = await testKafka({ partitions: 2 });
  });
  afterEach(async () => {
    await stop();
    await kafka.close();
  });
  afterAll(() => Logger.overrideLogger(new Logger()));

  const group = () => `core-api.usage.${kafka.region}`;
  const start = async (): Promise<void> => {
    const strategy = new KafkaTransport({
      broker: kafka.broker('core'),
      groupId: group(),
      topics: { 'usage.metrics': [kafka.topics.usage] },
      clock,
      parse,
    });
    const created = await NestFactory.createMicroservice(TotalsModule, { strategy, logger: false });
    service = created;
    created.useGlobalFilters(new PassErrorsOn());
    await created.listen();
  };
  const stop = async (): Promise<void> => {
    const running = service;
    service = null;
    await running?.close();
  };
  const send = async (messages: readonly BrokerMessage[]): Promise<void> => {
    const producer = kafka.broker('home').producer();
    await producer.send(messages);
    await producer.close();
  };
  const message = (key: string, value: string, partition?: number): BrokerMessage => ({
    topic: kafka.topics.usage,
    key,
    value,
    headers: {},
    ...(partition !== undefined && { partition }),
  });
  const committed = async (): Promise<bigint> => {
    const offsets = await kafka.broker('topics').committed(group(), [kafka.topics.usage]);
    return [...offsets.values()].reduce((sum, offset) => sum + offset, 0n);
  };

  it('A3: a record delivered twice changes nothing', async () => {
    const seed = seedOfRun();
    const records = ['a', 'b', 'c'].flatMap((key) => [1, 2, 3, 4].map((revision) => [key, revision] as const));
    const hostile = shuffleAndRepeat(records, seed).map(([key, revision]) =>
      message(key, `${revision}:${revision * 10}`),
    );
    await send(hostile);
    await start();
    await eventually(() => expect({ seed, handled: totals.handled }).toEqual({ seed, handled: hostile.length }));
    const last = { revision: 4, quantity: 40 };
    expect({ seed, rows: Object.fromEntries(totals.rows) }).toEqual({ seed, rows: { a: last, b: last, c: last } });
    await eventually(async () => expect(await committed()).toBe(BigInt(hostile.length)));
  });

  it('what cannot be parsed is dead-lettered byte for byte, the rest lands, and a replay brings it back', async () => {
    const bad = Buffer.from([...Buffer.from('bad'), 0, 255, 254]);
    const headers = {
      ...toCloudEvent({ type: 't', source: 's', subject: 'x', time: clock.now(), id: '1', data: 1 }).headers,
    };
    await send([message('a', '1:10', 0), { ...message('k', '', 0), value: bad, headers }, message('a', '2:20', 0)]);
    await start();
    await eventually(() => expect(totals.rows.get('a')).toEqual({ revision: 2, quantity: 20 }));
    await eventually(async () => expect(await committed()).toBe(3n));
    const letters = await readTopic(kafka.broker('topics'), kafka.topics.usageDlq);
    expect(letters).toHaveLength(1);
    expect(letters[0]?.value).toEqual(bad);
    expect(letters[0]?.key?.toString()).toBe('k');
    const expected = {
      ...headers,
      'dlq-reason': 'RECORD.BAD: not a total',
      'dlq-attempts': '1',
      'dlq-first-failure': '2026-03-31T10:00:00.000Z',
      'dlq-last-failure': '2026-03-31T10:00:00.000Z',
      'dlq-topic': kafka.topics.usage,
      'dlq-partition': '0',
      'dlq-offset': '1',
    };
    const shown = Object.entries(letters[0]?.headers ?? {}).map(([name, value]) => [name, String(value)]);
    expect(Object.fromEntries(shown)).toEqual(expected);

    await stop();
    expect(await kafka.admin.replayDeadLetters(kafka.topics.usage)).toBe(1);
    expect(await kafka.admin.replayDeadLetters(kafka.topics.usage)).toBe(0);
    const replayed = (await readTopic(kafka.broker('topics'), kafka.topics.usage)).filter(({ value }) =>
      value?.equals(bad),
    );
    expect(replayed).toHaveLength(2);
    expect(replayed.map(({ key }) => key?.toString())).toEqual(['k', 'k']);
    expect(replayed[1]?.headers).toEqual(replayed[0]?.headers);
  });

  it('a record that can never be processed is dead-lettered at once, found among the others of its batch', async () => {
    totals.fail = (value) => (value === '9:9' ? new PermanentRecordError('a total that no rule allows') : null);
    await send([message('a', '1:10', 0), message('b', '9:9', 0), message('a', '2:20', 0)]);
    await start();
    await eventually(() => expect(totals.rows.get('a')).toEqual({ revision: 2, quantity: 20 }));
    await eventually(async () => expect(await committed()).toBe(3n));
    expect(totals.rows.has('b')).toBe(false);
    const letters = await readTopic(kafka.broker('topics'), kafka.topics.usageDlq);
    expect(letters.map(({ headers }) => String(headers['dlq-reason']))).toEqual(['a total that no rule allows']);
  });

  it('a record with a value that the database cannot hold stops no other of its partition', async () => {
    const outOfRange = { name: 'DriverAdapterError', cause: { originalCode: '22003' } };
    totals.fail = (value) => (value === '9:9' ? Object.assign(new Error('refused'), outOfRange) : null);
    await send([message('a', '1:10', 0), message('b', '9:9', 0), message('a', '2:20', 0)]);
    await start();
    await eventually(() => expect(totals.rows.get('a')).toEqual({ revision: 2, quantity: 20 }));
    await eventually(async () => expect(await committed()).toBe(3n));
    const letters = await readTopic(kafka.broker('topics'), kafka.topics.usageDlq);
    expect(letters.map(({ headers }) => String(headers['dlq-reason']))).toEqual([
      'RECORD.VALUE_REFUSED: the database cannot hold a value',
    ]);
  });

  it('a passing trouble blocks its partition, not the others, and loses nothing', async () => {
    let failures = 0;
    totals.fail = (value) => (value === '1:1' && (failures += 1) <= 3 ? new Error('the database is away') : null);
    await send([message('held', '1:1', 0), message('held', '2:2', 0), message('free', '1:7', 1)]);
    await start();
    await waitFor('the other partition', () => totals.rows.has('free'));
    expect(totals.rows.has('held')).toBe(false);
    await eventually(() => expect(totals.rows.get('held')).toEqual({ revision: 2, quantity: 2 }));
    expect(failures).toBe(4);
    expect(totals.order).toEqual(['1:7', '1:1', '2:2']);
    await eventually(async () => expect(await committed()).toBe(3n));
    expect(await readTopic(kafka.broker('topics'), kafka.topics.usageDlq)).toEqual([]);
  });

  it('while the dead letters cannot be written the offset does not advance', async () => {
    await kafka.admin.deleteTopics([kafka.topics.usageDlq]);
    await send([message('a', 'bad', 0), message('a', '1:10', 0)]);
    await start();
    await waitFor('the good record of the batch', () => totals.handled >= 1);
    await waitFor('a second attempt', () => totals.handled >= 2);
    expect(await committed()).toBe(0n);
    await kafka.admin.ensureTopics(kafka.definitions);
    await eventually(async () => expect(await committed()).toBe(2n), { deadlineMs: 60_000 });
    expect(await readTopic(kafka.broker('topics'), kafka.topics.usageDlq)).toHaveLength(1);
  });
});
