import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { testKafka, type TestKafka } from '@biplane/testing';
import { KafkaAdmin, TopicConfigurationError } from '../index.js';

describe('topics and access rules', () => {
  let kafka: TestKafka;
  beforeAll(async () => {
    Logger.overrideLogger(false);
    kafka = await testKafka();
  });
  afterAll(async () => kafka.close());

  const regional = () => kafka.definitions.filter(({ name }) => name.includes(kafka.region));
  const send = async (user: 'core' | 'home', topic: string): Promise<void> => {
    const producer = kafka.broker(user).producer();
    await producer.send([{ topic, key: 'k', value: '1', headers: {} }]).finally(() => producer.close());
  };

  it('topics are created as contracts say, and creating them again changes nothing', async () => {
    await kafka.admin.verifyTopics(regional());
    expect(await kafka.admin.ensureTopics(regional())).toEqual({ created: [], differences: [] });
  });

  it('a service sees a license topic that deletes, or is missing, and refuses', async () => {
    const wrong = await kafka.createTopic({ config: { 'cleanup.policy': 'delete' } });
    const issued = regional().find(({ cleanup }) => cleanup === 'compact');
    if (issued === undefined) throw new Error('no compacted topic');
    const definitions = [
      { ...issued, name: wrong, partitions: 1 },
      { ...issued, name: `${wrong}.missing` },
    ];
    const refused = kafka.admin.verifyTopics(definitions);
    await expect(refused).rejects.toBeInstanceOf(TopicConfigurationError);
    await expect(refused).rejects.toThrow(/cleanup.policy is delete[^]*|missing: does not exist/);
  });

  it('a service may verify the topics that it uses with its own rights', async () => {
    const used = regional().filter(({ name }) => [kafka.topics.issued, kafka.topics.usage].includes(name));
    await new KafkaAdmin(kafka.connection('home')).verifyTopicsOnceReachable(used, new AbortController().signal);
  });

  it('only core writes licenses, only a home writes usage', async () => {
    await send('core', kafka.topics.issued);
    await send('home', kafka.topics.usage);
    await expect(send('home', kafka.topics.issued)).rejects.toThrow(/authoriz/i);
    await expect(send('core', kafka.topics.usage)).rejects.toThrow(/authoriz/i);
  });
});
