import { Logger } from '@nestjs/common';
import { backoffMs, wait, within } from '../backoff.js';
import type { BatchOutcome, Broker, BrokerBatch, BrokerConsumer, BrokerRecord, ConsumerEvent } from '../port.js';
import { ConsumerHealth } from './consumer-health.js';

export interface LicenseTopicReaderOptions {
  readonly broker: Broker;
  /** `<service>.<region>.<instance>`: one group per process, deleted when it ends. */
  readonly groupId: string;
  readonly topics: readonly string[];
  /**
   * One record after the other; a tombstone has the value null. A throw is a passing trouble (the database is away) and
   * brings the record again; what is wrong with the record itself is returned, counted and skipped, never dead-lettered.
   */
  readonly onRecord: (record: BrokerRecord) => Promise<{ readonly badRecord: string } | void>;
  readonly onBadRecord?: (record: BrokerRecord, reason: string) => void;
}

/** For each thing that only the broker can end: its marks that were asked for, and the deletion of the group. */
const BROKER_MS_MAX = 2_000;
const MARKS_BACKOFF = { firstMs: 250, maxMs: 5_000 };
const RECORD_BACKOFF = { firstMs: 100, maxMs: 5_000 };

/** Reads license topics from the beginning at every start and never commits: a commit would make a restart skip licenses. */
export class LicenseTopicReader {
  private readonly logger = new Logger('LicenseTopicReader');
  private readonly health: ConsumerHealth;
  private readonly stopping = new AbortController();
  private consumer: BrokerConsumer | null = null;
  private starting: Promise<void> | null = null;
  /** Offset to reach, by `topic/partition`; what is reached is taken out. Null until the broker told its marks. */
  private missing: Map<string, bigint> | null = null;
  private waiters: (() => void)[] = [];
  private badRecordsSeen = 0;
  private failures = 0;
  /** Batches of an older reading are ignored: they would count as progress of the present one. */
  private reading = 0;

  constructor(private readonly options: LicenseTopicReaderOptions) {
    this.health = new ConsumerHealth(options.broker);
  }

  get badRecords(): number {
    return this.badRecordsSeen;
  }

  /** True once the broker has answered since the start. */
  get connected(): boolean {
    return this.missing !== null;
  }

  /** Everything that was in the topics at the start (or at the last `reread`) has gone through `onRecord`. */
  get ready(): boolean {
    return this.missing?.size === 0;
  }

  /** Returns at once and keeps trying for ever. */
  start(): void {
    this.starting ??= this.connect();
  }

  whenReady(): Promise<void> {
    if (this.ready) return Promise.resolve();
    return new Promise((resolve) => this.waiters.push(resolve));
  }

  /** Reads everything again, for when what was learnt must be forgotten (a revoked key). Resolves once it is read. */
  async reread(): Promise<void> {
    if (this.consumer === null) return this.whenReady();
    this.reading += 1;
    this.missing = null;
    this.consumer.restart();
    void this.learnMarks(this.reading);
    return this.whenReady();
  }

  /** For `HealthRegistry.addLiveness`. A broker that is away never fails it, also not at the start. */
  async checkLiveness(): Promise<void> {
    await this.health.check();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    if (this.starting !== null) await within(BROKER_MS_MAX, this.starting);
    if (this.consumer === null) return;
    await this.consumer.stop();
    const deleted = this.options.broker.deleteGroup(this.options.groupId).catch((error: unknown) => {
      // The broker forgets empty groups by itself; this only keeps its list short.
      this.logger.debug(`group ${this.options.groupId} was not deleted: ${String(error)}`);
    });
    await within(BROKER_MS_MAX, deleted);
  }

  private async connect(): Promise<void> {
    await this.learnMarks(this.reading);
    if (this.stopping.signal.aborted) return;
    this.consumer = this.options.broker.consumer({
      groupId: this.options.groupId,
      topics: this.options.topics,
      fromBeginning: true,
      commits: false,
      onBatch: (batch) => this.onBatch(batch),
      onEvent: (event) => this.onEvent(event),
    });
    this.consumer.start();
  }

  /** The marks are taken before the first fetch, so that a topic that grows all the time does not put readiness off. */
  private async learnMarks(reading: number): Promise<void> {
    for (let attempt = 1; !this.stopping.signal.aborted && reading === this.reading; attempt += 1) {
      try {
        const marks = await this.options.broker.marks(this.options.topics);
        if (reading !== this.reading) return;
        this.missing = new Map(
          marks
            .filter(({ low, high }) => low < high)
            .map(({ topic, partition, high }) => [`${topic}/${partition}`, high] as const),
        );
        return this.tellWhenReady();
      } catch (error) {
        if (attempt === 1) this.logger.warn(`the broker does not answer yet: ${String(error)}`);
        this.health.observe({ kind: 'progress' });
        await wait(backoffMs(attempt, MARKS_BACKOFF), this.stopping.signal);
      }
    }
  }

  private async onBatch(batch: BrokerBatch): Promise<BatchOutcome> {
    let nextOffset = batch.records[0]?.offset ?? batch.highWatermark;
    const reading = this.reading;
    for (const record of batch.records) {
      if (this.stopping.signal.aborted || reading !== this.reading) return { nextOffset };
      try {
        const outcome = await this.options.onRecord(record);
        if (outcome) this.countBad(record, outcome.badRecord);
        this.failures = 0;
      } catch (error) {
        this.failures += 1;
        if (this.failures === 1) this.logger.warn({ err: error }, `${batch.topic} waits and is tried again`);
        return { nextOffset, pauseMs: backoffMs(this.failures, RECORD_BACKOFF) };
      }
      nextOffset = record.offset + 1n;
      this.health.observe({ kind: 'progress' });
      await batch.heartbeat();
    }
    this.reached(`${batch.topic}/${batch.partition}`, nextOffset);
    return { nextOffset };
  }

  private countBad(record: BrokerRecord, reason: string): void {
    this.badRecordsSeen += 1;
    this.logger.warn(`skipped ${record.topic}/${record.partition} at ${record.offset}: ${reason}`);
    this.options.onBadRecord?.(record, reason);
  }

  private reached(place: string, nextOffset: bigint): void {
    const target = this.missing?.get(place);
    if (target === undefined || nextOffset < target) return;
    this.missing?.delete(place);
    this.tellWhenReady();
  }

  private onEvent(event: ConsumerEvent): void {
    this.health.observe(event);
    if (event.kind === 'failed') this.logger.warn(`the reader is built anew: ${String(event.error)}`);
    // A compacted tail: the newest records are gone, so their offsets are never seen.
    if (event.kind === 'caught_up' && this.missing !== null) {
      this.missing.clear();
      this.tellWhenReady();
    }
  }

  private tellWhenReady(): void {
    if (!this.ready) return;
    const waiters = this.waiters;
    this.waiters = [];
    for (const resolve of waiters) resolve();
  }
}
