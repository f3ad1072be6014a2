import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { BatchOutcome, Broker, BrokerBatch, BrokerConsumer, BrokerRecord } from '@biplane/messaging';
import { eventually, waitFor } from '../eventually.js';

export interface BrokerSubject {
  readonly broker: Broker;
  createTopic(partitions: number): Promise<string>;
}

export interface ConformanceCase {
  readonly title: string;
  run(subject: BrokerSubject): Promise<void>;
}

const message = (topic: string, key: string, value: string | null) => ({ topic, key, value, headers: {} });
const newGroup = (): string => `topics.conformance.${randomBytes(6).toString('hex')}`;
const text = ({ value }: BrokerRecord): string | null => value?.toString() ?? null;

/** What the product relies on, of any broker behind the port. Run each with `it.each(brokerConformance)`. */
export const brokerConformance: readonly ConformanceCase[] = [
  {
    title: 'keys, values, headers and tombstones come back byte for byte',
    async run(subject) {
      const topic = await subject.createTopic(1);
      const value = Buffer.from([0, 255, 1, 254]);
      await send(subject.broker, [
        { topic, key: 'a', value, headers: { name: 'värde', raw: Buffer.from([255, 0]) } },
        message(topic, 'a', null),
      ]);
      const [first, second] = await collect(subject.broker, topic, 2);
      assert.deepEqual(first?.value, value);
      assert.equal(first?.key?.toString(), 'a');
      assert.deepEqual(first?.headers, { name: Buffer.from('värde'), raw: Buffer.from([255, 0]) });
      assert.equal(second?.value, null);
    },
  },
  {
    title: 'records of one key stay in order, and each is delivered',
    async run(subject) {
      const topic = await subject.createTopic(3);
      const sent = Array.from({ length: 60 }, (_, i) => message(topic, `key-${i % 5}`, String(i)));
      for (let i = 0; i < sent.length; i += 20) await send(subject.broker, sent.slice(i, i + 20));
      const records = await collect(subject.broker, topic, sent.length);
      for (let key = 0; key < 5; key += 1) {
        const got = records.filter((record) => record.key?.toString() === `key-${key}`).map(text);
        assert.deepEqual(
          got,
          sent.filter(({ key: of }) => of === `key-${key}`).map(({ value }) => value),
        );
      }
    },
  },
  {
    title: 'a group goes on after what it committed',
    async run(subject) {
      const topic = await subject.createTopic(1);
      const group = newGroup();
      await send(subject.broker, [message(topic, 'a', '1'), message(topic, 'a', '2')]);
      assert.deepEqual((await collect(subject.broker, topic, 2, group)).map(text), ['1', '2']);
      assert.equal((await subject.broker.committed(group, [topic])).get(`${topic}/0`), 2n);
      await send(subject.broker, [message(topic, 'a', '3')]);
      assert.deepEqual((await collect(subject.broker, topic, 1, group)).map(text), ['3']);
    },
  },
  {
    title: 'a consumer that never commits reads everything at each start and at each restart',
    async run(subject) {
      const topic = await subject.createTopic(2);
      const group = newGroup();
      await send(subject.broker, [message(topic, 'a', '1'), message(topic, 'b', '2')]);
      for (let start = 0; start < 2; start += 1) {
        const seen: BrokerRecord[] = [];
        const consumer = consumerOf(subject.broker, topic, group, false, async (batch) => {
          seen.push(...batch.records);
          return passed(batch);
        });
        await eventually(() => assert.equal(seen.length, 2));
        consumer.restart();
        await eventually(() => assert.equal(seen.length, 4));
        await consumer.stop();
      }
      assert.equal((await subject.broker.committed(group, [topic])).size, 0);
    },
  },
  {
    title: 'a paused partition comes again from where it stands, and the others go on',
    async run(subject) {
      const topic = await subject.createTopic(2);
      const at = (partition: number, value: string) => ({ ...message(topic, 'k', value), partition });
      await send(subject.broker, [at(0, 'held'), at(1, 'free')]);
      let attempts = 0;
      const seen: (string | null)[] = [];
      const consumer = consumerOf(subject.broker, topic, newGroup(), true, async (batch) => {
        if (batch.partition === 0 && (attempts += 1) < 3) {
          return { nextOffset: batch.records[0]?.offset ?? 0n, pauseMs: 50 };
        }
        seen.push(...batch.records.map(text));
        return passed(batch);
      });
      await eventually(() => assert.deepEqual([...seen].sort(), ['free', 'held']));
      assert.equal(attempts, 3);
      assert.equal(seen[0], 'free');
      await consumer.stop();
    },
  },
  {
    title: 'a throw of the handler brings the batch again',
    async run(subject) {
      const topic = await subject.createTopic(1);
      await send(subject.broker, [message(topic, 'a', '1')]);
      let attempts = 0;
      const consumer = consumerOf(subject.broker, topic, newGroup(), true, async (batch) => {
        attempts += 1;
        if (attempts === 1) throw new Error('a bug');
        return passed(batch);
      });
      await eventually(() => assert.ok(attempts >= 2), { deadlineMs: 60_000 });
      await consumer.stop();
    },
  },
  {
    title: 'a round without news says caught_up, on an empty topic too',
    async run(subject) {
      const topic = await subject.createTopic(2);
      const events: string[] = [];
      const consumer = subject.broker.consumer({
        groupId: newGroup(),
        topics: [topic],
        fromBeginning: true,
        commits: false,
        onBatch: async (batch) => passed(batch),
        onEvent: ({ kind }) => void events.push(kind),
      });
      consumer.start();
      await waitFor('caught_up', () => events.includes('caught_up'));
      assert.ok(events.indexOf('joined') < events.indexOf('caught_up'));
      await consumer.stop();
    },
  },
  {
    title: 'a stop finishes and commits the batch in flight, and then the group can be deleted',
    async run(subject) {
      const topic = await subject.createTopic(1);
      const group = newGroup();
      await send(subject.broker, [message(topic, 'a', '1')]);
      let begun = false;
      let finish = (): void => undefined;
      const finished = new Promise<void>((resolve) => (finish = resolve));
      const consumer = consumerOf(subject.broker, topic, group, true, async (batch) => {
        begun = true;
        await finished;
        return passed(batch);
      });
      await waitFor('the batch', () => begun);
      const stopped = consumer.stop();
      finish();
      await stopped;
      assert.equal((await subject.broker.committed(group, [topic])).get(`${topic}/0`), 1n);
      await subject.broker.deleteGroup(group);
      assert.equal((await subject.broker.committed(group, [topic])).size, 0);
    },
  },
  {
    title: 'marks tell from where to where a partition holds records',
    async run(subject) {
      const topic = await subject.createTopic(1);
      assert.deepEqual(await subject.broker.marks([topic]), [{ topic, partition: 0, low: 0n, high: 0n }]);
      await send(subject.broker, [message(topic, 'a', '1'), message(topic, 'a', '2')]);
      assert.deepEqual(await subject.broker.marks([topic]), [{ topic, partition: 0, low: 0n, high: 2n }]);
      assert.equal(await subject.broker.answers(), true);
    },
  },
];

function passed(batch: BrokerBatch): BatchOutcome {
  return { nextOffset: (batch.records.at(-1)?.offset ?? -1n) + 1n };
}

async function send(broker: Broker, messages: Parameters<ReturnType<Broker['producer']>['send']>[0]): Promise<void> {
  const producer = broker.producer();
  await producer.send(messages);
  await producer.close();
}

function consumerOf(
  broker: Broker,
  topic: string,
  groupId: string,
  commits: boolean,
  onBatch: (batch: BrokerBatch) => Promise<BatchOutcome>,
): BrokerConsumer {
  const consumer = broker.consumer({ groupId, topics: [topic], fromBeginning: true, commits, onBatch });
  consumer.start();
  return consumer;
}

async function collect(broker: Broker, topic: string, count: number, group = newGroup()): Promise<BrokerRecord[]> {
  const records: BrokerRecord[] = [];
  const consumer = consumerOf(broker, topic, group, true, async (batch) => {
    records.push(...batch.records);
    return passed(batch);
  });
  await eventually(() => assert.ok(records.length >= count, `${records.length} of ${count} records came`));
  await consumer.stop();
  assert.equal(records.length, count);
  return records;
}
