import type { Admin, Kafka } from 'kafkajs';
import type { Broker, BrokerConsumer, BrokerProducer, ConsumerOptions, PartitionMarks } from '../port.js';
import { kafkaClient, type KafkaConnection } from './kafka-client.js';
import { KafkaConsumer } from './kafka-consumer.js';
import { KafkaProducer } from './kafka-producer.js';

/** Below the 2 s that a health check may take: a silent broker must count as away, not as a failing check. */
const ANSWER_TIMEOUT_MS = 1_000;

/** Apache Kafka behind the port of this library. Connects nothing until something is asked. */
export class KafkaBroker implements Broker {
  private readonly kafka: Kafka;

  constructor(connection: KafkaConnection) {
    this.kafka = kafkaClient(connection);
  }

  producer(): BrokerProducer {
    return new KafkaProducer(this.kafka);
  }

  consumer(options: ConsumerOptions): BrokerConsumer {
    return new KafkaConsumer(this.kafka, options);
  }

  async marks(topics: readonly string[]): Promise<PartitionMarks[]> {
    return this.withAdmin(async (admin) => {
      const marks: PartitionMarks[] = [];
      for (const topic of topics) {
        for (const { partition, low, high } of await admin.fetchTopicOffsets(topic)) {
          marks.push({ topic, partition, low: BigInt(low), high: BigInt(high) });
        }
      }
      return marks;
    });
  }

  async committed(groupId: string, topics: readonly string[]): Promise<Map<string, bigint>> {
    return this.withAdmin(async (admin) => {
      const committed = new Map<string, bigint>();
      for (const { topic, partitions } of await admin.fetchOffsets({ groupId, topics: [...topics] })) {
        for (const { partition, offset } of partitions) {
          if (BigInt(offset) >= 0n) committed.set(`${topic}/${partition}`, BigInt(offset));
        }
      }
      return committed;
    });
  }

  async deleteGroup(groupId: string): Promise<void> {
    await this.withAdmin((admin) => admin.deleteGroups([groupId]));
  }

  async answers(): Promise<boolean> {
    const answer = this.withAdmin((admin) => admin.describeCluster()).then(
      () => true,
      () => false,
    );
    let timer: NodeJS.Timeout | undefined;
    const silence = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), ANSWER_TIMEOUT_MS);
    });
    return Promise.race([answer, silence]).finally(() => clearTimeout(timer));
  }

  /** Nothing is held between calls: producers and consumers are closed by whoever asked for them. */
  async close(): Promise<void> {}

  private async withAdmin<T>(work: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = this.kafka.admin();
    try {
      await admin.connect();
      return await work(admin);
    } finally {
      await admin.disconnect().catch(() => undefined);
    }
  }
}
