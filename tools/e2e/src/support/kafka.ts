import kafkajs, { type Admin, type Kafka, type KafkaMessage } from 'kafkajs';
import { waitFor } from '@biplane/testing';
import { uniqueName } from './tenants.js';
import type { E2eStack } from './stack.js';

const { Kafka: KafkaClient, logLevel } = kafkajs;
const ANSWER_MS = 5_000;
/** Ending a consumer waits for its last fetch. */
const FETCH_WAIT_MS = 100;
const CAPTURE_MS = 30_000;
/** Few enough to fall into many batches of the reader. */
const BURST = 25;
const TAKEN_IN_MS = 60_000;

export interface Captured {
  readonly topic: string;
  readonly partition: number;
  readonly message: KafkaMessage;
}

/** The broker as one of its users. It gives up at the first refusal: that is what these suites look for. */
export function kafkaAs(stack: E2eStack, user: string, password?: string): Kafka {
  const known = stack.file.kafka.users[user];
  if (known === undefined) throw new Error(`The stack knows no Kafka user ${user}`);
  return new KafkaClient({
    clientId: `e2e-${user}`,
    brokers: [...stack.file.kafka.brokers],
    sasl: { mechanism: 'plain', username: known.username, password: password ?? known.password },
    connectionTimeout: ANSWER_MS,
    requestTimeout: ANSWER_MS,
    retry: { retries: 0 },
    logLevel: logLevel.NOTHING,
  });
}

/** Sends one record; throws what the broker says. */
export async function writeAs(stack: E2eStack, user: string, topic: string, value = '{}'): Promise<void> {
  const producer = kafkaAs(stack, user).producer({ allowAutoTopicCreation: false });
  await producer.connect();
  try {
    await producer.send({ topic, acks: -1, messages: [{ key: 'e2e', value }] });
  } finally {
    await producer.disconnect();
  }
}

/** Sends records as they were captured: key, headers and bytes, in this order. */
export async function redeliver(stack: E2eStack, user: string, records: readonly Captured[]): Promise<void> {
  const producer = kafkaAs(stack, user).producer({ allowAutoTopicCreation: false, idempotent: false });
  await producer.connect();
  try {
    for (let at = 0; at < records.length; at += BURST) {
      const burst = records.slice(at, at + BURST).map(({ topic, message: { key, value, headers } }) => ({
        topic,
        messages: [{ key, value, ...(headers !== undefined && { headers }) }],
      }));
      await producer.sendBatch({ acks: -1, topicMessages: burst });
    }
  } finally {
    await producer.disconnect();
  }
}

/** Throws what the broker says when this user may not read the topic in this group. */
export async function readAs(stack: E2eStack, user: string, topic: string, groupPrefix: string): Promise<void> {
  const groupId = `${groupPrefix}${uniqueName('e2e')}`;
  const kafka = kafkaAs(stack, user);
  const options = { groupId, allowAutoTopicCreation: false, maxWaitTimeInMs: FETCH_WAIT_MS, retry: { retries: 0 } };
  const consumer = kafka.consumer(options);
  const crashed = new Promise<never>((_, reject) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
  });
  crashed.catch(() => undefined);
  const joined = new Promise<void>((resolve) => consumer.on(consumer.events.FETCH, () => resolve()));
  await consumer.connect();
  try {
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await consumer.run({ eachMessage: () => Promise.resolve() });
    await Promise.race([joined, crashed]);
  } finally {
    await consumer.disconnect().catch(() => undefined);
  }
}

/** Everything that a topic holds now, read as the super user. */
export async function captureAll(stack: E2eStack, topic: string): Promise<Captured[]> {
  const kafka = kafkaAs(stack, 'topics');
  const admin = kafka.admin();
  await admin.connect();
  const marks = await admin.fetchTopicOffsets(topic);
  const missing = new Map(marks.map(({ partition, high }) => [partition, BigInt(high)]));
  for (const { partition, low, high } of marks) if (low === high) missing.delete(partition);

  const groupId = uniqueName('capture');
  const consumer = kafka.consumer({ groupId, allowAutoTopicCreation: false, maxWaitTimeInMs: FETCH_WAIT_MS });
  const captured: Captured[] = [];
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachMessage: ({ partition, message }) => {
        captured.push({ topic, partition, message });
        const high = missing.get(partition);
        if (high !== undefined && BigInt(message.offset) >= high - 1n) missing.delete(partition);
        return Promise.resolve();
      },
    });
    await waitFor(`all of ${topic} to be read`, () => missing.size === 0, { deadlineMs: CAPTURE_MS });
  } finally {
    await consumer.disconnect();
    await admin.deleteGroups([groupId]).catch(() => undefined);
    await admin.disconnect();
  }
  return captured;
}

/** The event type that a record says it is. */
export function typeOf({ message }: Captured): string {
  return String(message.headers?.['ce_type'] ?? '');
}

/** Until core-api has taken in everything that is in the topic now: its group has committed the end of each partition. */
export async function awaitTakenIn(stack: E2eStack, topic: string): Promise<void> {
  const admin = kafkaAs(stack, 'topics').admin();
  await admin.connect();
  try {
    const marks = (await admin.fetchTopicOffsets(topic)).filter(({ low, high }) => low !== high);
    await waitFor(
      `core-api to take in all of ${topic}`,
      async () => {
        const { groups } = await admin.listGroups();
        const readers = groups.map(({ groupId }) => groupId).filter((groupId) => groupId.startsWith('core-api.'));
        const offsets = await Promise.all(readers.map((groupId) => committed(admin, groupId, topic)));
        return offsets.some((ofGroup) =>
          marks.every(({ partition, high }) => (ofGroup.get(partition) ?? -1n) >= BigInt(high)),
        );
      },
      { deadlineMs: TAKEN_IN_MS, everyMs: 250 },
    );
  } finally {
    await admin.disconnect();
  }
}

async function committed(admin: Admin, groupId: string, topic: string): Promise<Map<number, bigint>> {
  const [found] = await admin.fetchOffsets({ groupId, topics: [topic] });
  return new Map(found?.partitions.map(({ partition, offset }) => [partition, BigInt(offset)]));
}
