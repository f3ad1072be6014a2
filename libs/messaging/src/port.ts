/**
 * What Biplane needs of a broker. kafkajs stands behind it (`kafka/`), the in-memory broker of `@biplane/testing` too;
 * both pass one conformance suite. kafkajs is unmaintained: this port is where it can be replaced.
 */
export type HeaderValue = string | Buffer | readonly (string | Buffer)[];

export interface BrokerMessage {
  readonly topic: string;
  readonly key: string | Buffer | null;
  readonly headers: Readonly<Record<string, HeaderValue>>;
  /** Null is a tombstone. */
  readonly value: string | Buffer | null;
  /** Only for dead letters and tests; otherwise the key decides. */
  readonly partition?: number;
}

export interface BrokerRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly key: Buffer | null;
  /** As the broker holds them, so that a dead letter can be byte for byte. */
  readonly headers: Readonly<Record<string, HeaderValue>>;
  readonly value: Buffer | null;
}

export interface BrokerBatch {
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly BrokerRecord[];
  /** Offset after the newest record of the partition when the batch was fetched. */
  readonly highWatermark: bigint;
  /** To be called during long work; throws when the partition was taken away. */
  heartbeat(): Promise<void>;
}

/** What the broker does after a batch: read on at `nextOffset`, after `pauseMs` when given. */
export interface BatchOutcome {
  readonly nextOffset: bigint;
  readonly pauseMs?: number;
}

export type ConsumerEvent =
  | { readonly kind: 'joined' }
  /** The consumer came round once more: a fetch, a heartbeat or a finished batch. */
  | { readonly kind: 'progress' }
  /** Every record that was there has been delivered: a whole round of fetches brought nothing. */
  | { readonly kind: 'caught_up' }
  | { readonly kind: 'failed'; readonly error: unknown };

export interface ConsumerOptions {
  readonly groupId: string;
  readonly topics: readonly string[];
  /** Where a group without committed offsets starts: the oldest record, or only what comes from now on. */
  readonly fromBeginning: boolean;
  /** False: nothing is ever committed, and every join reads from the start again. */
  readonly commits: boolean;
  /** One batch of one partition at a time. A throw is a crash: the consumer is built anew and the batch comes again. */
  readonly onBatch: (batch: BrokerBatch) => Promise<BatchOutcome>;
  readonly onEvent?: (event: ConsumerEvent) => void;
}

export interface BrokerConsumer {
  /** Returns at once; keeps trying for ever, whether the broker is there or not. */
  start(): void;
  /** Leaves and joins again; a consumer that never commits thereby reads everything again. */
  restart(): void;
  /** Finishes and commits the batch in flight, then leaves the group. */
  stop(): Promise<void>;
}

export interface BrokerProducer {
  /** Resolves when every message is acknowledged by all in-sync replicas; per key the order of calls is kept. */
  send(messages: readonly BrokerMessage[]): Promise<void>;
  close(): Promise<void>;
}

export interface PartitionMarks {
  readonly topic: string;
  readonly partition: number;
  readonly low: bigint;
  readonly high: bigint;
}

export interface Broker {
  producer(): BrokerProducer;
  consumer(options: ConsumerOptions): BrokerConsumer;
  marks(topics: readonly string[]): Promise<PartitionMarks[]>;
  /** Offset that the group would read next, by `topic/partition`; partitions without a commit are left out. */
  committed(groupId: string, topics: readonly string[]): Promise<Map<string, bigint>>;
  deleteGroup(groupId: string): Promise<void>;
  /** Whether the broker answers a request within a second. Never throws. */
  answers(): Promise<boolean>;
  close(): Promise<void>;
}

/** Headers as text; of a repeated header the last one counts. */
export function headersText(headers: Readonly<Record<string, HeaderValue>>): Record<string, string> {
  const text: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    const last = Array.isArray(value) ? (value.at(-1) as string | Buffer | undefined) : (value as string | Buffer);
    if (last !== undefined) text[name] = last.toString();
  }
  return text;
}
