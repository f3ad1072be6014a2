import { err, ok, type Result } from '@biplane/kernel';
import { UsageIntakeErrors } from '../metering.errors.js';
import type { Reading } from './reading.js';

/** An event with its key and the hash of its content, each computed once: they are compared and sorted many times. */
export interface HashedReading extends Reading {
  readonly key: string;
  readonly contentHash: string;
}

export type Standing = 'accepted' | 'duplicate';

/** What an earlier request stored under a key. */
export interface StoredEvent {
  readonly contentHash: string;
}

/** Of events with one id only the first is written; sorted, so that batches which overlap never wait on each other in a ring. */
export function firstOfEach(readings: readonly HashedReading[]): HashedReading[] {
  const first = new Map<string, HashedReading>();
  for (const reading of readings) if (!first.has(reading.key)) first.set(reading.key, reading);
  return [...first.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
}

/**
 * What to tell of each event, in the order they came: the one that was written is accepted, whatever repeats its content is
 * a duplicate, whatever contradicts it is refused. `stored`: what stood under the keys before.
 */
export function standings(
  readings: readonly HashedReading[],
  stored: ReadonlyMap<string, StoredEvent>,
): Result<Standing>[] {
  const written = new Map<string, string>();
  return readings.map(({ key, contentHash }) => {
    const known = stored.get(key)?.contentHash ?? written.get(key);
    if (known === undefined) {
      written.set(key, contentHash);
      return ACCEPTED;
    }
    if (known === contentHash) return DUPLICATE;
    return err(UsageIntakeErrors.ID_REUSED({ detail: 'An event with this id and source has other content' }));
  });
}

const ACCEPTED: Result<Standing> = ok('accepted');
const DUPLICATE: Result<Standing> = ok('duplicate');
