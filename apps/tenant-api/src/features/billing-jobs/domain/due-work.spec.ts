import { describe, expect, it } from '@jest/globals';
import { firstDue, nextDue, retryAt, type Work } from './due-work.js';

const now = new Date('2026-03-01T10:00:00.000Z');
const later = (seconds: number) => new Date(now.getTime() + seconds * 1_000);
const work = (kind: Work['kind'], over: Partial<Work> = {}): Work => ({
  kind,
  runId: null,
  at: null,
  retryAt: null,
  ...over,
});

describe('what is due next', () => {
  it('a run that failed comes again after 15 s, each time twice as late, and within a quarter of an hour whatever its failures', () => {
    const waits = [1, 2, 3, 4, 5, 6, 7, 8, 100, 5_000].map(
      (failures) => (retryAt(failures, now).getTime() - now.getTime()) / 1_000,
    );
    expect(waits).toEqual([15, 30, 60, 120, 240, 480, 900, 900, 900, 900]);
  });

  it.each<[string, Work[], string | null, Date | null]>([
    ['nothing, where nothing is', [], null, null],
    ['not a turn that is to come', [work('billing', { at: later(1) })], null, later(1)],
    ['not a schedule that is off', [work('billing')], null, null],
    ['the earlier of two', [work('billing', { at: later(-1) }), work('statements', { at: later(-2) })], 'statements', later(-2)],
    ['charges before statements of the same instant', [work('statements', { at: now }), work('billing', { at: now })], 'billing', now],
    ['a run, whatever its instant', [work('billing', { runId: 'x', at: later(5) })], 'billing', later(5)],
    ['not a run that waits', [work('billing', { runId: 'x', at: later(5), retryAt: later(5) })], null, later(5)],
    ['one kind while the run of the other waits', [work('billing', { at: now }), work('statements', { runId: 'x', at: later(5), retryAt: later(5) })], 'billing', now],
  ])('is %s', (_what, given, kind, at) => {
    expect([firstDue(given, new Set(), now)?.kind ?? null, nextDue(given)]).toEqual([kind, at]);
    expect(firstDue(given, new Set(['billing', 'statements']), now)).toBeNull();
  }); // prettier-ignore
});
