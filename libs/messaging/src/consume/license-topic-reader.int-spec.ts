import { createServer, connect, type AddressInfo, type Server } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { eventually, testKafka, type TestKafka } from '@biplane/testing';
import { Kafka, logLevel } from 'kafkajs';
import { KafkaBroker, LicenseTopicReader, type BrokerRecord } from '../index.js';

describe('the reader of license topics', () => {
  let kafka: TestKafka;
  let readers: LicenseTopicReader[] = [];
  let servers: Server[] = [];

  beforeAll(async () => {
    Logger.overrideLogger(false);
    kafka = await testKafka({ partitions: 3 });
  });
  afterEach(async () => {
    for (const reader of readers) await reader.stop();
    for (const server of servers) server.close();
    readers = [];
    servers = [];
  });
  afterAll(async () => kafka.close());

  let count = 0;
  const groupOf = () => `tenant-api.${kafka.region}.instance-${(count += 1)}`;
  const read = (
    topic: string,
    seen: string[],
    options: Partial<ConstructorParameters<typeof LicenseTopicReader>[0]> = {},
  ): LicenseTopicReader => {
    const reader = new LicenseTopicReader({
      broker: kafka.broker('home'),
      groupId: groupOf(),
      topics: [topic],
      onRecord: async (record: BrokerRecord) => void seen.push(`${record.key}=${record.value}`),
      ...options,
    });
    readers.push(reader);
    reader.start();
    return reader;
  };
  const publish = async (topic: string, values: Record<string, string | null>): Promise<void> => {
    const producer = kafka.broker('topics').producer();
    await producer.send(Object.entries(values).map(([key, value]) => ({ topic, key, value, headers: {} })));
    await producer.close();
  };

  it('A14: a region that starts with nothing reads every license from the start before it is ready', async () => {
    const topic = kafka.topics.issued;
    const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`deployment-${i}`, `v${i}`]));
    await publish(topic, many);
    const seen: string[] = [];
    await read(topic, seen).whenReady();
    expect(new Set(seen).size).toBe(1_000);
  });

  it('nothing is ever committed: a second start of one instance reads everything again, and leaves no group', async () => {
    const topic = await kafka.createTopic({ partitions: 2 });
    await publish(topic, { a: '1', b: '2', gone: null });
    const groupId = `topics.reader.${kafka.region}`;
    for (let start = 0; start < 2; start += 1) {
      const seen: string[] = [];
      const reader = read(topic, seen, { broker: kafka.broker('topics'), groupId });
      await reader.whenReady();
      expect(seen.sort()).toEqual(['a=1', 'b=2', 'gone=null']);
      expect((await kafka.broker('topics').committed(groupId, [topic])).size).toBe(0);
      await reader.stop();
    }
    await expect(kafka.broker('topics').deleteGroup(groupId)).rejects.toThrow();
  });

  it('is ready with empty partitions, with trimmed ones, and with a tail that holds no record', async () => {
    const topic = await kafka.createTopic({ partitions: 3 });
    const { brokers, username = '', password = '' } = kafka.connection('topics');
    const plain = new Kafka({
      brokers: [...brokers],
      sasl: { mechanism: 'plain', username, password },
      logLevel: logLevel.NOTHING,
    });
    // A transaction's marker takes the newest offset without being a record, as compaction leaves a tail.
    const producer = plain.producer({ transactionalId: `t-${kafka.region}`, maxInFlightRequests: 1, idempotent: true });
    await producer.connect();
    const transaction = await producer.transaction();
    await transaction.send({
      topic,
      messages: [
        { key: 'kept', value: '1', partition: 0 },
        { key: 'x', value: '2', partition: 1 },
      ],
    });
    await transaction.commit();
    await producer.disconnect();
    const admin = plain.admin();
    await admin.connect();
    // The commit is acknowledged before its markers are written.
    await eventually(async () => {
      const high = (await admin.fetchTopicOffsets(topic)).find(({ partition }) => partition === 1)?.high;
      expect(high).toBe('2');
    });
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 1, offset: '2' }] });
    await admin.disconnect();
    const seen: string[] = [];
    await read(topic, seen, { broker: kafka.broker('topics'), groupId: `topics.tail.${kafka.region}` }).whenReady();
    expect(seen).toEqual(['kept=1']);
  });

  it('without a broker at the start it waits alive, and becomes ready once the broker is there', async () => {
    const topic = await kafka.createTopic();
    await publish(topic, { a: '1' });
    const port = await freePort();
    const connection = { ...kafka.connection('topics'), brokers: [`127.0.0.1:${port}`] };
    const seen: string[] = [];
    const reader = read(topic, seen, { broker: new KafkaBroker(connection), groupId: `topics.late.${kafka.region}` });
    await reader.checkLiveness();
    expect([reader.connected, reader.ready]).toEqual([false, false]);
    const [host = '', brokerPort = ''] = (kafka.connection('topics').brokers[0] ?? '').split(':');
    const proxy = createServer((socket) => {
      const upstream = connect(Number(brokerPort), host);
      socket.pipe(upstream).pipe(socket);
      for (const end of [socket, upstream]) end.on('error', () => [socket, upstream].forEach((each) => each.destroy()));
    });
    servers.push(proxy);
    await new Promise<void>((resolve) => proxy.listen(port, '127.0.0.1', resolve));
    await reader.whenReady();
    expect(seen).toEqual(['a=1']);
  });

  it('a bad record is counted, told and skipped; a passing trouble brings its record again', async () => {
    const topic = await kafka.createTopic();
    await publish(topic, { bad: 'x', good: '1' });
    const told: string[] = [];
    const seen: string[] = [];
    let failures = 0;
    const reader = read(topic, seen, {
      broker: kafka.broker('topics'),
      groupId: `topics.bad.${kafka.region}`,
      onBadRecord: (record, reason) => void told.push(`${record.key}: ${reason}`),
      onRecord: async (record) => {
        if (record.key?.toString() === 'bad') return { badRecord: 'no license' };
        failures += 1;
        if (failures < 3) throw new Error('the database is away');
        seen.push(String(record.value));
      },
    });
    await reader.whenReady();
    expect({ seen, failures, told: new Set(told) }).toEqual({
      seen: ['1'],
      failures: 3,
      told: new Set(['bad: no license']),
    });
    expect(reader.badRecords).toBe(1);
  });

  it('reread brings everything again, and what comes later too', async () => {
    const topic = await kafka.createTopic();
    await publish(topic, { a: '1' });
    const seen: string[] = [];
    const reader = read(topic, seen, { broker: kafka.broker('topics'), groupId: `topics.again.${kafka.region}` });
    await reader.whenReady();
    await reader.reread();
    expect(seen).toEqual(['a=1', 'a=1']);
    await publish(topic, { b: '2' });
    await eventually(() => expect(seen).toEqual(['a=1', 'a=1', 'b=2']));
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
