import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { testKafka, waitFor, type TestKafka } from '@biplane/testing';
import { Kafka, logLevel, type Consumer } from 'kafkajs';
import type { BrokerConsumer } from '../index.js';

/** Far below the 25 s of a shutdown, in which other parts are stopped too. */
const STOP_MS_MAX = 6_000;
/** So long a broker waits for a member that has gone silent; longer than any stop may take. */
const SILENT_MS = 20_000;

describe('stopping a consumer whose group waits for a silent member', () => {
  let kafka: TestKafka;
  let release: () => void = () => undefined;
  let others: Consumer[] = [];
  let groupId = '';

  beforeAll(async () => {
    Logger.overrideLogger(false);
    kafka = await testKafka();
  });

  afterEach(async () => {
    release();
    await Promise.all(others.map((other) => other.disconnect()));
    others = [];
    // What the stopped consumer gave up goes on in the background until the group lets it go.
    await waitFor('an empty group', async () => ['Empty', 'Dead'].includes((await stateOf(kafka, groupId)) ?? 'Dead'));
  });

  afterAll(() => kafka.close());

  const member = async (groupId: string, topic: string, eachBatch: () => Promise<void>): Promise<void> => {
    const { brokers, username = '', password = '' } = kafka.connection('topics');
    const consumer = new Kafka({
      brokers: [...brokers],
      sasl: { mechanism: 'plain', username, password },
      logLevel: logLevel.NOTHING,
    }).consumer({
      groupId,
      sessionTimeout: SILENT_MS,
      rebalanceTimeout: SILENT_MS,
      retry: { retries: 0, restartOnFailure: async () => false },
    });
    others.push(consumer);
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await consumer.run({ eachBatch, partitionsConsumedConcurrently: 1 });
  };

  /** Holds a partition and says nothing more, as a killed process does until its session ends. */
  const silentMember = async (groupId: string, topic: string, partitions: number): Promise<void> => {
    const released = new Promise<void>((resolve) => (release = resolve));
    let isSilent = false;
    await member(groupId, topic, () => ((isSilent = true), released));
    await publish(topic, partitions);
    await waitFor('the partition of the silent member', () => isSilent, { deadlineMs: 60_000 });
  };

  const consumerOf = (groupId: string, topic: string, onEvent: (kind: string) => void): BrokerConsumer => {
    const consumer = kafka.broker('topics').consumer({
      groupId,
      topics: [topic],
      fromBeginning: true,
      commits: true,
      onBatch: async (batch) => ({ nextOffset: (batch.records.at(-1)?.offset ?? -1n) + 1n }),
      onEvent: ({ kind }) => onEvent(kind),
    });
    consumer.start();
    return consumer;
  };

  const publish = async (topic: string, partitions: number): Promise<void> => {
    const producer = kafka.broker('topics').producer();
    await producer.send(
      Array.from({ length: partitions }, (_, partition) => ({ topic, key: 'a', value: '1', headers: {}, partition })),
    );
    await producer.close();
  };

  const waitForRebalance = (groupId: string): Promise<unknown> =>
    waitFor('the rebalance', async () => (await stateOf(kafka, groupId)) === 'PreparingRebalance', {
      deadlineMs: 60_000,
    });

  const msToStop = async (consumer: BrokerConsumer): Promise<number> => {
    const startedAt = performance.now();
    await consumer.stop();
    return performance.now() - startedAt;
  };

  it('a consumer that has not joined yet stops in time', async () => {
    const topic = await kafka.createTopic();
    groupId = `topics.joining.${kafka.region}`;
    await silentMember(groupId, topic, 1);
    const kinds: string[] = [];
    const consumer = consumerOf(groupId, topic, (kind) => kinds.push(kind));
    await waitForRebalance(groupId);
    expect(kinds).not.toContain('joined');
    expect(await msToStop(consumer)).toBeLessThan(STOP_MS_MAX);
  });

  it('a consumer that has to join again stops in time', async () => {
    const topic = await kafka.createTopic({ partitions: 3 });
    groupId = `topics.rejoining.${kafka.region}`;
    const kinds: string[] = [];
    const consumer = consumerOf(groupId, topic, (kind) => kinds.push(kind));
    await waitFor('the first join', () => kinds.includes('joined'), { deadlineMs: 60_000 });
    await silentMember(groupId, topic, 3);
    const third = member(groupId, topic, async () => undefined);
    await waitForRebalance(groupId);
    expect(await msToStop(consumer)).toBeLessThan(STOP_MS_MAX);
    release();
    await third;
  });
});

async function stateOf(kafka: TestKafka, groupId: string): Promise<string | undefined> {
  const { brokers, username = '', password = '' } = kafka.connection('topics');
  const admin = new Kafka({
    brokers: [...brokers],
    sasl: { mechanism: 'plain', username, password },
    logLevel: logLevel.NOTHING,
  }).admin();
  await admin.connect();
  try {
    return (await admin.describeGroups([groupId])).groups[0]?.state;
  } finally {
    await admin.disconnect();
  }
}
