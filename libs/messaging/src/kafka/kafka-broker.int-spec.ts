import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { brokerConformance, testKafka, type TestKafka } from '@biplane/testing';

describe('Kafka behind the port', () => {
  let kafka: TestKafka;
  beforeAll(async () => void (kafka = await testKafka({ partitions: 1 })), 30_000);
  afterAll(async () => kafka.close());

  it.each(brokerConformance)('$title', async ({ run }) =>
    run({ broker: kafka.broker('topics'), createTopic: (partitions) => kafka.createTopic({ partitions }) }),
  );
});
