import { describe, it } from '@jest/globals';
import { brokerConformance, InMemoryBroker } from '../index.js';

describe('the in-memory broker does what Kafka does', () => {
  let count = 0;
  it.each(brokerConformance)('$title', async ({ run }) => {
    const broker = new InMemoryBroker();
    await run({
      broker,
      createTopic: async (partitions) => {
        count += 1;
        broker.createTopic(`topic-${count}`, partitions);
        return `topic-${count}`;
      },
    });
  });
});
