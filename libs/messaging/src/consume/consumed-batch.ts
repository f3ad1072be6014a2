import { parsePlaneEvent, type PlaneEvent } from '@biplane/contracts';
import { type Result } from '@biplane/kernel';
import { headersText, type BrokerRecord } from '../port.js';

/** A record that was understood. `raw` is what the broker holds. */
export interface ConsumedRecord<Payload = PlaneEvent> {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly key: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: Payload;
  readonly traceparent: string | undefined;
  readonly raw: BrokerRecord;
}

/** What an `@EventPattern` handler gets: records of one partition in order. Its transaction covers them all. */
export interface ConsumedBatch<Payload = PlaneEvent> {
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly ConsumedRecord<Payload>[];
  /** Sends this record to the dead-letter topic once the handler has succeeded; the others go on. */
  reject(record: Pick<ConsumedRecord, 'offset'>, reason: string): void;
}

/** Understands a record or says why it never will be understood; a failure sends it to the dead-letter topic. */
export type ParseRecord<Payload> = (record: BrokerRecord) => Result<Payload>;

export const parseEvent: ParseRecord<PlaneEvent> = (record) =>
  parsePlaneEvent(record.headers, record.value ?? new Uint8Array());

export function consumedRecord<Payload>(raw: BrokerRecord, payload: Payload): ConsumedRecord<Payload> {
  const headers = headersText(raw.headers);
  const { topic, partition, offset } = raw;
  const key = raw.key === null ? null : raw.key.toString();
  return { topic, partition, offset, key, headers, payload, traceparent: headers['traceparent'], raw };
}
