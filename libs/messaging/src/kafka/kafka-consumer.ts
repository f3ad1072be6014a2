import type { Consumer, EachBatchPayload, IHeaders, Kafka, KafkaMessage } from 'kafkajs';
import { backoffMs, wait, within } from '../backoff.js';
import type { BrokerConsumer, BrokerRecord, ConsumerOptions, HeaderValue } from '../port.js';
import { CLIENT_RETRY } from './kafka-client.js';
import { FetchRounds } from './fetch-rounds.js';

/** How long the partitions of a killed process wait for the next one. Heartbeats do not depend on the length of the work. */
const SESSION_TIMEOUT_MS = 10_000;
const REBALANCE_TIMEOUT_MS = 60_000;
const HEARTBEAT_INTERVAL_MS = 3_000;
/** How long an idle fetch waits at the broker; also the longest that stopping an idle consumer takes. */
const FETCH_WAIT_MS = 500;
const FETCH_BYTES_MAX = 8 * 1024 * 1024;
const PARTITION_BYTES_MAX = 2 * 1024 * 1024;
const RECONNECT = { firstMs: 250, maxMs: 5_000 };
/** How long stopping waits for the batch in flight; one that takes longer comes again after the next start. */
const FINISH_MS_MAX = 8_000;
/**
 * And for the group. kafkajs itself waits as long as the group does: for a member that was killed until its session ends,
 * for a broker that has gone silent through all its tries.
 */
const LEAVE_MS_MAX = 3_000;

/** One kafkajs consumer after another: whatever ends one (a crash included), the next is built after a back-off. */
export class KafkaConsumer implements BrokerConsumer {
  private readonly stopping = new AbortController();
  private cycle = new AbortController();
  private running: Promise<void> | null = null;
  private readonly rounds = new FetchRounds();
  private readonly resumeTimers = new Set<NodeJS.Timeout>();
  private inFlight: Promise<void> = Promise.resolve();
  private failures = 0;

  constructor(
    private readonly kafka: Kafka,
    private readonly options: ConsumerOptions,
  ) {}

  start(): void {
    this.running ??= this.supervise();
  }

  restart(): void {
    this.failures = 0;
    this.cycle.abort();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    this.cycle.abort();
    await this.running;
  }

  private async supervise(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      this.cycle = new AbortController();
      const signal = this.cycle.signal;
      const consumer = this.build();
      try {
        await this.consume(consumer, signal);
      } catch (error) {
        this.failures += 1;
        this.options.onEvent?.({ kind: 'failed', error });
      } finally {
        for (const timer of this.resumeTimers) clearTimeout(timer);
        this.resumeTimers.clear();
        await this.leave(consumer);
      }
      if (this.failures > 0) await wait(backoffMs(this.failures, RECONNECT), this.stopping.signal);
    }
  }

  /** What is given up leaves with its session; nothing is committed that was not handled. */
  private async leave(consumer: Consumer): Promise<void> {
    const left = consumer.disconnect().catch(() => undefined);
    await within(FINISH_MS_MAX, this.inFlight);
    await within(LEAVE_MS_MAX, left);
  }

  private build(): Consumer {
    return this.kafka.consumer({
      groupId: this.options.groupId,
      allowAutoTopicCreation: false,
      sessionTimeout: SESSION_TIMEOUT_MS,
      rebalanceTimeout: REBALANCE_TIMEOUT_MS,
      heartbeatInterval: HEARTBEAT_INTERVAL_MS,
      maxWaitTimeInMs: FETCH_WAIT_MS,
      maxBytes: FETCH_BYTES_MAX,
      maxBytesPerPartition: PARTITION_BYTES_MAX,
      // kafkajs never restarts by itself: one place decides about trying again.
      retry: { ...CLIENT_RETRY, restartOnFailure: async () => false },
    });
  }

  /** Resolves when told to stop or restart, rejects when the consumer crashed. */
  private async consume(consumer: Consumer, signal: AbortSignal): Promise<void> {
    const { options, rounds } = this;
    const crashed = new Promise<never>((_, reject) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
    });
    crashed.catch(() => undefined);
    const progress = (): void => options.onEvent?.({ kind: 'progress' });
    let caughtUp = false;
    consumer.on(consumer.events.GROUP_JOIN, () => {
      this.failures = 0;
      caughtUp = false;
      rounds.reset();
      options.onEvent?.({ kind: 'joined' });
    });
    consumer.on(consumer.events.FETCH_START, ({ payload }) => {
      if (!rounds.fetchStarts(payload.nodeId, this.resumeTimers.size > 0) || caughtUp || signal.aborted) return;
      caughtUp = true;
      options.onEvent?.({ kind: 'caught_up' });
    });
    consumer.on(consumer.events.FETCH, ({ payload }) => {
      rounds.fetchEnds(payload.nodeId);
      progress();
    });
    consumer.on(consumer.events.START_BATCH_PROCESS, () => rounds.batchStarts());
    consumer.on(consumer.events.END_BATCH_PROCESS, progress);
    consumer.on(consumer.events.HEARTBEAT, progress);

    const joined = this.join(consumer, signal);
    // kafkajs goes on with a join that it was told to give up: who joins after the end leaves again.
    joined.then(() => (this.stopping.signal.aborted ? consumer.disconnect() : undefined)).catch(() => undefined);
    await Promise.race([joined, ended(this.stopping.signal)]);
    await Promise.race([ended(signal), crashed]);
  }

  private async join(consumer: Consumer, signal: AbortSignal): Promise<void> {
    await consumer.connect();
    await consumer.subscribe({ topics: [...this.options.topics], fromBeginning: this.options.fromBeginning });
    if (signal.aborted) return;
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: 1,
      eachBatch: (payload) => {
        const work = this.eachBatch(payload, signal);
        this.inFlight = work.catch(() => undefined);
        return work;
      },
    });
  }

  private async eachBatch(payload: EachBatchPayload, signal: AbortSignal): Promise<void> {
    const { batch, heartbeat, resolveOffset, commitOffsetsIfNecessary, pause } = payload;
    const { topic, partition } = batch;
    const first = batch.messages[0];
    if (first === undefined || signal.aborted) return;
    const outcome = await this.options.onBatch({
      topic,
      partition,
      records: batch.messages.map((message) => toRecord(topic, partition, message)),
      highWatermark: BigInt(batch.highWatermark),
      heartbeat,
    });
    if (outcome.nextOffset > BigInt(first.offset)) {
      resolveOffset((outcome.nextOffset - 1n).toString());
      if (this.options.commits) {
        const offset = outcome.nextOffset.toString();
        await commitOffsetsIfNecessary({ topics: [{ topic, partitions: [{ partition, offset }] }] });
      }
    }
    // A stop that came meanwhile has cleared the timers already: a late one would keep the process alive.
    if (outcome.pauseMs !== undefined && !signal.aborted) {
      const resume = pause();
      const timer = setTimeout(() => {
        this.resumeTimers.delete(timer);
        resume();
      }, outcome.pauseMs);
      this.resumeTimers.add(timer);
    }
  }
}

function ended(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function toRecord(topic: string, partition: number, message: KafkaMessage): BrokerRecord {
  return {
    topic,
    partition,
    offset: BigInt(message.offset),
    key: message.key,
    headers: definedHeaders(message.headers),
    value: message.value,
  };
}

function definedHeaders(headers: IHeaders | undefined): Record<string, HeaderValue> {
  const defined: Record<string, HeaderValue> = {};
  for (const [name, value] of Object.entries(headers ?? {})) if (value !== undefined) defined[name] = value;
  return defined;
}
