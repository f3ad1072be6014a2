import { recordTypes, toCloudEvent, type RecordName, type RecordOf } from '@biplane/contracts';
import type { OutboundRecord } from './outbox/outbox.js';

export interface EventRecordInput<N extends RecordName> {
  readonly topic: string;
  readonly key: string;
  readonly id: string;
  /** Who says so: `core-api`, or `home:<homeId>`. */
  readonly source: string;
  readonly subject: string;
  readonly time: Date;
  readonly data: RecordOf<N>;
  readonly traceparent?: string | undefined;
  readonly compacted?: boolean;
}

/** A record between the planes for `Outbox.add`: the type is checked against the contract, the envelope is CloudEvents. */
export function eventRecord<N extends RecordName>(name: N, input: EventRecordInput<N>): OutboundRecord {
  const { topic, key, compacted = false, ...event } = input;
  return { topic, key, compacted, ...toCloudEvent({ type: recordTypes[name], ...event }) };
}

/** What follows archival on a compacted topic: the broker forgets the key. */
export function tombstone(topic: string, key: string): OutboundRecord {
  return { topic, key, compacted: true, headers: {}, value: null };
}
