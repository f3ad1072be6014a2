import { describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { eventually, InMemoryBroker } from '@biplane/testing';
import { LicenseTopicReader } from '../index.js';

const published = async (): Promise<InMemoryBroker> => {
  const broker = new InMemoryBroker();
  broker.createTopic('licenses', 2);
  const send = (value: string | null) => ({ topic: 'licenses', key: 'a', value, headers: {}, partition: 0 });
  await broker.producer().send([send('1'), send('2'), send(null)]);
  return broker;
};

describe('readiness of the license reader', () => {
  Logger.overrideLogger(false);

  it('a partition whose newest records were compacted away does not hold readiness back', async () => {
    const broker = await published();
    broker.compact('licenses');
    const reader = new LicenseTopicReader({
      broker,
      groupId: 'g',
      topics: ['licenses'],
      onRecord: async () => undefined,
    });
    reader.start();
    await reader.whenReady();
    await reader.stop();
  });

  it('an outage after the start neither ends the reader nor its readiness', async () => {
    const broker = await published();
    const seen: (string | null)[] = [];
    const onRecord = async ({ value }: { value: Buffer | null }) => void seen.push(value?.toString() ?? null);
    const reader = new LicenseTopicReader({ broker, groupId: 'g', topics: ['licenses'], onRecord });
    reader.start();
    await reader.whenReady();
    broker.setUp(false);
    await reader.checkLiveness();
    expect(reader.ready).toBe(true);
    broker.setUp(true);
    await broker.producer().send([{ topic: 'licenses', key: 'b', value: '3', headers: {} }]);
    await eventually(() => expect(seen).toEqual(['1', '2', null, '3']));
    await reader.stop();
  });
});
