import { Logger } from '@nestjs/common';
import type { Clock } from '@biplane/kernel';
import { isValueRefused } from '@biplane/service-kit';
import { backoffMs } from '../backoff.js';
import { PermanentRecordError } from '../messaging.errors.js';
import type { ConsumerMetrics } from '../messaging-metrics.js';
import type { BatchOutcome, BrokerBatch, BrokerProducer, BrokerRecord } from '../port.js';
import { consumedRecord, type ConsumedBatch, type ConsumedRecord, type ParseRecord } from './consumed-batch.js';
import { deadLetter, type Rejection } from './dead-letters.js';

export interface BatchProcessorOptions<Payload> {
  readonly handle: (batch: ConsumedBatch<Payload>) => Promise<void>;
  readonly parse: ParseRecord<Payload>;
  readonly deadLetters: BrokerProducer;
  readonly clock: Clock;
  readonly metrics?: ConsumerMetrics;
}

const RETRY = { firstMs: 200, maxMs: 10_000 };
const HEARTBEAT_MS = 1_000;

interface Trouble {
  attempts: number;
  readonly since: Date;
}

/**
 * One batch of one partition: parse → handle in the handler's transaction → dead letters → advance.
 * A passing trouble (of the handler or of the dead-letter topic) leaves the offset where it is and pauses the partition.
 */
export class BatchProcessor<Payload> {
  private readonly logger = new Logger('KafkaConsumer');
  private readonly troubles = new Map<string, Trouble>();

  constructor(private readonly options: BatchProcessorOptions<Payload>) {}

  async process(batch: BrokerBatch): Promise<BatchOutcome> {
    const { topic, partition, records } = batch;
    const first = records[0];
    const last = records.at(-1);
    if (first === undefined || last === undefined) return { nextOffset: batch.highWatermark };
    const place = `${topic}/${partition}`;
    const beating = this.keepBeating(batch);
    try {
      const rejections = await this.handleRecords(topic, partition, records);
      if (rejections.length > 0) {
        await this.options.deadLetters.send(rejections.map(deadLetter));
        this.options.metrics?.counted(topic, 'dead_lettered', rejections.length);
        this.logger.warn(`${rejections.length} records of ${place} went to the dead letters: ${rejections[0]?.reason}`);
      }
      this.options.metrics?.counted(topic, 'processed', records.length - rejections.length);
      this.options.metrics?.behind(topic, partition, batch.highWatermark - last.offset - 1n);
      if (this.troubles.delete(place)) this.logger.log(`${place} goes on`);
      return { nextOffset: last.offset + 1n };
    } catch (error) {
      const pauseMs = this.noteTrouble(place, error);
      this.options.metrics?.counted(topic, 'retried', records.length);
      this.options.metrics?.behind(topic, partition, batch.highWatermark - first.offset);
      return { nextOffset: first.offset, pauseMs };
    } finally {
      clearInterval(beating);
    }
  }

  private async handleRecords(
    topic: string,
    partition: number,
    records: readonly BrokerRecord[],
  ): Promise<Rejection[]> {
    const rejected = new Map<bigint, string>();
    const parsed: ConsumedRecord<Payload>[] = [];
    for (const record of records) {
      const payload = this.options.parse(record);
      if (payload.ok) parsed.push(consumedRecord(record, payload.value));
      else rejected.set(record.offset, `${payload.error.code}: ${payload.error.detail}`);
    }
    for (const [offset, reason] of await this.handleParsed(topic, partition, parsed)) rejected.set(offset, reason);
    const trouble = this.troubles.get(`${topic}/${partition}`);
    const now = this.options.clock.now();
    return records
      .filter(({ offset }) => rejected.has(offset))
      .map((record) => ({
        record,
        reason: rejected.get(record.offset) ?? '',
        attempts: (trouble?.attempts ?? 0) + 1,
        firstFailure: trouble?.since ?? now,
        lastFailure: now,
      }));
  }

  /** The offsets that the handler refused for good. Its transaction was rolled back when it threw, so it runs again. */
  private async handleParsed(
    topic: string,
    partition: number,
    records: readonly ConsumedRecord<Payload>[],
  ): Promise<Map<bigint, string>> {
    const rejected = new Map<bigint, string>();
    if (records.length === 0) return rejected;
    try {
      await this.options.handle({
        topic,
        partition,
        records,
        reject: ({ offset }, reason) => void rejected.set(offset, reason),
      });
      return rejected;
    } catch (thrown) {
      const error = permanent(thrown);
      if (error === null) throw thrown;
      const culprit = error.record?.offset ?? (records.length === 1 ? records[0]?.offset : undefined);
      if (culprit === undefined) return this.handleSingly(topic, partition, records);
      const others = await this.handleParsed(
        topic,
        partition,
        records.filter(({ offset }) => offset !== culprit),
      );
      return others.set(culprit, error.reason);
    }
  }

  private async handleSingly(
    topic: string,
    partition: number,
    records: readonly ConsumedRecord<Payload>[],
  ): Promise<Map<bigint, string>> {
    const rejected = new Map<bigint, string>();
    for (const record of records) {
      for (const [offset, reason] of await this.handleParsed(topic, partition, [record])) rejected.set(offset, reason);
    }
    return rejected;
  }

  private noteTrouble(place: string, error: unknown): number {
    const trouble = this.troubles.get(place) ?? { attempts: 0, since: this.options.clock.now() };
    trouble.attempts += 1;
    this.troubles.set(place, trouble);
    if (trouble.attempts === 1) this.logger.warn({ err: error }, `${place} waits and is tried again`);
    return backoffMs(trouble.attempts, RETRY);
  }

  /** Work longer than the session must not cost the partition. A refused heartbeat shows at the commit. */
  private keepBeating(batch: BrokerBatch): NodeJS.Timeout {
    return setInterval(() => void batch.heartbeat().catch(() => undefined), HEARTBEAT_MS);
  }
}

/** A value that no column holds is as wrong the next time: one such record must not stop all others of its partition. */
function permanent(error: unknown): PermanentRecordError | null {
  if (error instanceof PermanentRecordError) return error;
  return isValueRefused(error)
    ? new PermanentRecordError('RECORD.VALUE_REFUSED: the database cannot hold a value')
    : null;
}
