import { describe, expect, it } from '@jest/globals';
import { checksumOf, migrationOf } from './checksums.js';
import { nextAttemptMs, obstacleOf } from './domain/attempts.js';
import { compare, concurrentIndexOf } from './domain/migration-script.js';
import { skipReason } from './domain/skip-reason.js';

describe('attempts', () => {
  it('a lock, a deadlock and a server that is away are tried again, bad data and missing rights are not', () => {
    expect(['55P03', '40P01', '57P01', '', 'ECONNREFUSED'].map((code) => obstacleOf(code).isPassing)).toEqual(
      Array.from({ length: 5 }, () => true),
    );
    expect(['23514', '42501', '53100', '42P07'].map((code) => obstacleOf(code))).toEqual(
      ['23514', '42501', '53100', '42P07'].map((code) => ({ reason: `SQLSTATE_${code}`, isPassing: false })),
    );
  });

  it('the wait doubles up to a minute, and ends with the last attempt', () => {
    const locked = obstacleOf('55P03');
    expect([1, 2, 3, 4, 5, 6, 7].map((attempt) => nextAttemptMs(locked, attempt, 7, 1))).toEqual([
      2_000,
      4_000,
      8_000,
      16_000,
      32_000,
      60_000,
      null,
    ]);
    expect(nextAttemptMs(locked, 1, 7, 0)).toBe(1_000);
    expect(nextAttemptMs(obstacleOf('23514'), 1, 7, 0)).toBeNull();
  });
});

describe('migration scripts', () => {
  const [a, b] = [migrationOf('20260101000000_a', 'SELECT 1;'), migrationOf('20260102000000_b', 'SELECT 2;')];
  const applied = (isFinished = true) => ({ ...a, isFinished });

  it('what a database lacks is applied; what it has otherwise, halfway or beyond is for a person', () => {
    expect(compare([a, b], [applied()])).toEqual({ kind: 'pending', pending: [b] });
    expect(compare([a, b], [applied(false)])).toEqual({ kind: 'stuck', reason: 'MIGRATION_FAILED' });
    expect(compare([b], [applied()])).toEqual({ kind: 'stuck', reason: 'SCHEMA_AHEAD' });
    expect(compare([a], [{ ...applied(), checksum: 'x' }])).toEqual({ kind: 'stuck', reason: 'CHECKSUM_DIFFERS' });
  });

  it('the checksum of a database tells names and contents apart', () => {
    expect(new Set([[a], [a, b], [b], [{ ...a, checksum: b.checksum }]].map(checksumOf)).size).toBe(4);
  });

  it('an index built beside the service is the only statement of its migration', () => {
    const index = (sql: string) => concurrentIndexOf(migrationOf('m', sql));
    expect(index('CREATE INDEX "m_s" ON "m" ("s");')).toBeNull();
    expect(index('-- Why CONCURRENTLY is not used here.\nSELECT 1;')).toBeNull();
    expect(index('-- Why.\nCREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS "m_s" ON "m" ("s");')).toBe('m_s');
    expect(() => index('CREATE INDEX CONCURRENTLY m_s ON m (s); SELECT 1;')).toThrow('only statement');
    expect(() => index('DROP INDEX CONCURRENTLY m_s;')).toThrow('only statement');
  });
});

describe('skipReason', () => {
  const placement = { homeId: 'h', epoch: 1, phase: 'serving', url: 'u' } as const;
  const ready = { state: 'ready', schemaVersion: '20260101000000_a' };
  const target = '20260102000000_b';

  it('whoever sleeps, moves, ends, is not ready or is ahead is left as it is', () => {
    const of = (license: object, database: typeof ready | undefined = ready) =>
      skipReason({ status: 'active', placement, ...license }, database, target);
    expect(of({})).toBeNull();
    expect(of({ status: 'suspended' })).toBe('SUSPENDED');
    expect(of({ status: 'revoked' })).toBe('RETIRING');
    expect(of({ placement: { ...placement, phase: 'draining' } })).toBe('MOVING');
    expect(of({ placement: { ...placement, next: { homeId: 'n', epoch: 2, url: 'u' } } })).toBe('MOVING');
    expect(of({}, { ...ready, state: 'creating' })).toBe('NOT_READY');
    expect(of({}, { ...ready, schemaVersion: '20270101000000_c' })).toBe('SCHEMA_AHEAD');
    expect(skipReason(undefined, ready, target)).toBe('NOT_SERVED_HERE');
  });
});
