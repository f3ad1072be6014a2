import { topics } from '@biplane/contracts';
import type { BrokerMessage, BrokerRecord, HeaderValue } from '../port.js';

export interface Rejection {
  readonly record: BrokerRecord;
  readonly reason: string;
  readonly attempts: number;
  readonly firstFailure: Date;
  readonly lastFailure: Date;
}

const PREFIX = 'dlq-';
const REASON_LENGTH_MAX = 500;

/** Key, value and headers as they were, with why and from where beside them. */
export function deadLetter({ record, reason, attempts, firstFailure, lastFailure }: Rejection): BrokerMessage {
  return {
    topic: topics.dlq(record.topic),
    key: record.key,
    value: record.value,
    headers: {
      ...record.headers,
      'dlq-reason': reason.slice(0, REASON_LENGTH_MAX),
      'dlq-attempts': String(attempts),
      'dlq-first-failure': firstFailure.toISOString(),
      'dlq-last-failure': lastFailure.toISOString(),
      'dlq-topic': record.topic,
      'dlq-partition': String(record.partition),
      'dlq-offset': record.offset.toString(),
    },
  };
}

/** The record as it was before it was rejected, for its own topic again. */
export function replayed(letter: BrokerRecord, topic: string): BrokerMessage {
  const headers: Record<string, HeaderValue> = {};
  for (const [name, value] of Object.entries(letter.headers)) if (!name.startsWith(PREFIX)) headers[name] = value;
  return { topic, key: letter.key, value: letter.value, headers };
}
