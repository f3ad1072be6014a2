import { Partitioners, type Kafka, type Producer, type TopicMessages } from 'kafkajs';
import { within } from '../backoff.js';
import type { BrokerMessage, BrokerProducer, HeaderValue } from '../port.js';

const ACKNOWLEDGE_TIMEOUT_MS = 7_000;
/** A silent broker would hold a close through all tries of what is being sent. Whoever sent it was told nothing and sends it again. */
const CLOSE_MS_MAX = 3_000;

/**
 * Idempotent, acks from all replicas, one batch in flight. kafkajs keeps the sequence number of a batch that failed, even
 * when the broker did write it; the next and different batch would then pass for a duplicate and be dropped in silence.
 * So a producer that failed once is thrown away: the next send gets a new producer id.
 */
export class KafkaProducer implements BrokerProducer {
  private connected: Promise<Producer> | null = null;
  private tail: Promise<unknown> = Promise.resolve();

  constructor(private readonly kafka: Kafka) {}

  async send(messages: readonly BrokerMessage[]): Promise<void> {
    if (messages.length === 0) return;
    // One after the other: concurrent sends break the order of sequence numbers (kafkajs issue 598).
    const turn = this.tail.then(() => this.sendNow(messages));
    this.tail = turn.catch(() => undefined);
    return turn;
  }

  async close(): Promise<void> {
    await within(
      CLOSE_MS_MAX,
      this.tail.then(() => this.discard()),
    );
  }

  private async sendNow(messages: readonly BrokerMessage[]): Promise<void> {
    try {
      this.connected ??= this.connect();
      const producer = await this.connected;
      await producer.sendBatch({ acks: -1, timeout: ACKNOWLEDGE_TIMEOUT_MS, topicMessages: byTopic(messages) });
    } catch (error) {
      await this.discard();
      throw error;
    }
  }

  private async connect(): Promise<Producer> {
    const producer = this.kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: Partitioners.DefaultPartitioner,
      retry: { retries: 1, initialRetryTime: 100, maxRetryTime: 500 },
    });
    try {
      await producer.connect();
    } catch (error) {
      await producer.disconnect().catch(() => undefined);
      throw error;
    }
    return producer;
  }

  private async discard(): Promise<void> {
    const connected = this.connected;
    this.connected = null;
    const producer = await connected?.catch(() => null);
    await producer?.disconnect().catch(() => undefined);
  }
}

function byTopic(messages: readonly BrokerMessage[]): TopicMessages[] {
  const topics = new Map<string, TopicMessages>();
  for (const { topic, key, value, headers, partition } of messages) {
    const entry = topics.get(topic) ?? { topic, messages: [] };
    topics.set(topic, entry);
    entry.messages.push({ key, value, headers: plainHeaders(headers), ...(partition !== undefined && { partition }) });
  }
  return [...topics.values()];
}

function plainHeaders(
  headers: Readonly<Record<string, HeaderValue>>,
): Record<string, Buffer | string | (Buffer | string)[]> {
  const plain: Record<string, Buffer | string | (Buffer | string)[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    plain[name] = Array.isArray(value) ? [...(value as readonly (Buffer | string)[])] : (value as Buffer | string);
  }
  return plain;
}
