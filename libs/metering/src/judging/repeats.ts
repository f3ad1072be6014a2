import { err, ok, type Result } from '@biplane/kernel';
import { UsageIntakeErrors } from '../metering.errors.js';
import { keyOf, type Reading } from './reading.js';

/** An event with the hash of its content. */
export interface HashedReading extends Reading {
  readonly contentHash: string;
}

export type Standing = 'accepted' | 'duplicate';

/** What the database holds under the id of an event, after the batch was written. */
export interface StoredEvent {
  readonly contentHash: string;
  /** False when an earlier request brought it. */
  readonly isNew: boolean;
}

/** Of events with one id only the first is written; sorted, so that batches which overlap never wait on each other in a ring. */
export function firstOfEach(readings: readonly HashedReading[]): HashedReading[] {
  const first = new Map<string, HashedReading>();
  for (const reading of readings) {
    const key = keyOf(reading);
    if (!first.has(key)) first.set(key, reading);
  }
  return [...first].sort(([a], [b]) => (a < b ? -1 : Number(a > b))).map(([, reading]) => reading);
}

/**
 * What to tell of each event, in the order they came: the one that was written is accepted, whatever repeats the stored
 * content is a duplicate, whatever contradicts it is refused.
 */
export function standings(
  readings: readonly HashedReading[],
  storedOf: (key: string) => StoredEvent,
): Result<Standing>[] {
  const told = new Set<string>();
  return readings.map((reading) => {
    const key = keyOf(reading);
    const stored = storedOf(key);
    if (stored.contentHash !== reading.contentHash) {
      const detail = 'An event with this id and source has other content';
      return err(UsageIntakeErrors.ID_REUSED({ detail }));
    }
    if (!stored.isNew || told.has(key)) return ok('duplicate');
    told.add(key);
    return ok('accepted');
  });
}
