import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { LimitKey } from './limit-key.js';
import { SliceLedger } from './slice-ledger.js';
import { expire, settle, sliceSize, SLICE_TTL_MS, SLICE_USABLE_MS, type StoredSlice } from './slice-rules.js';
import { quantityOf, unitsOf } from './units.js';

const key: LimitKey = {
  deploymentId: 'd',
  meter: 'api_calls',
  aggregation: 'sum',
  window: 'month',
  period: { from: new Date(0), to: new Date(1e12) },
};
const NOW = new Date(0);
const one = unitsOf('1');

describe('SliceLedger', () => {
  const ledgerWith = (amount: bigint, askedAtMs = 0): SliceLedger => {
    const ledger = new SliceLedger();
    ledger.grant({ id: 'a', key, cap: '10', amount, askedAtMs });
    return ledger;
  };
  const take = (ledger: SliceLedger, nowMs: number, cap = '10') => ledger.tryTake([{ key, cap }], one, nowMs);

  it('gives away no more than it holds, for 25 s after the slice was asked for', () => {
    const ledger = ledgerWith(2n * one, 100);
    expect(take(ledger, 100)).toBe('taken');
    expect(take(ledger, 100 + SLICE_USABLE_MS - 1)).toBe('taken');
    expect(take(ledger, 100 + SLICE_USABLE_MS - 1)).toMatchObject({ missing: { key } });
    expect(take(ledgerWith(one, 100), 100 + SLICE_USABLE_MS)).toMatchObject({ missing: { key } });
  });

  it('of several limits it takes from each or from none', () => {
    const ledger = ledgerWith(one);
    const day: LimitKey = { ...key, window: 'day' };
    const claims = [
      { key, cap: '10' },
      { key: day, cap: '5' },
    ];
    expect(ledger.tryTake(claims, one, 0)).toEqual({ missing: claims[1] });
    expect(ledger.drain(0, NOW)).toEqual([]);
    ledger.grant({ id: 'b', key: day, cap: '5', amount: one, askedAtMs: 0 });
    expect(ledger.tryTake(claims, one, 0)).toBe('taken');
    expect(ledger.drain(0, NOW).map(({ spent }) => spent)).toEqual(['1', '1']);
  });

  it('C13: under another cap nothing of an old slice is given away, and its rest goes back', () => {
    const ledger = ledgerWith(5n * one);
    expect(take(ledger, 0)).toBe('taken');
    expect(take(ledger, 0, '3')).toMatchObject({ missing: { cap: '3' } });
    expect(ledger.drain(0, NOW)).toMatchObject([{ sliceId: 'a', spent: '1', isReturned: true }]);
  });

  it('modules with caps of their own each take from their own slices, and a new set of caps sends all back', () => {
    const ledger = new SliceLedger();
    const caps = '10,20';
    ledger.grant({ id: 'a', key, cap: '10', caps, amount: one, askedAtMs: 0 });
    ledger.grant({ id: 'b', key, cap: '20', caps, amount: one, askedAtMs: 0 });
    expect(ledger.tryTake([{ key, cap: '20', caps }], one, 0)).toBe('taken');
    expect(ledger.tryTake([{ key, cap: '20', caps }], one, 0)).toMatchObject({ missing: { cap: '20' } });
    expect(ledger.drain(0, NOW)).toMatchObject([{ sliceId: 'b', isReturned: true }]);
    ledger.capChanged(key, '10,30');
    expect(ledger.drain(0, NOW)).toMatchObject([{ sliceId: 'a', spent: '0', isReturned: true }, { sliceId: 'b' }]);
  });

  it('a slice of a cap that was lowered while it was asked for is not given away', () => {
    const ledger = ledgerWith(one);
    ledger.capChanged(key, '3');
    ledger.grant({ id: 'b', key, cap: '10', amount: one, askedAtMs: 0 });
    expect(take(ledger, 0, '3')).toMatchObject({ missing: { cap: '3' } });
    expect(ledger.drain(0, NOW).map(({ sliceId, isReturned }) => [sliceId, isReturned])).toEqual([
      ['a', true],
      ['b', true],
    ]);
  });

  it('says what it spent until that is stored, and then no more', () => {
    const ledger = ledgerWith(2n * one);
    take(ledger, 0);
    const said = ledger.drain(0, NOW);
    expect(ledger.drain(0, NOW)).toEqual(said);
    take(ledger, 0);
    ledger.settled(said);
    expect(ledger.drain(0, NOW)).toMatchObject([{ spent: '2', isReturned: true }]);
  });

  it('a window that ended sends its slices back', () => {
    const ledger = ledgerWith(one);
    expect(ledger.drain(0, new Date(1e12 - 1))).toEqual([]);
    expect(ledger.drain(0, new Date(1e12))).toMatchObject([{ isReturned: true, spent: '0' }]);
  });

  it('believes that a limit is full for a moment, and only for as much as did not fit', () => {
    const ledger = new SliceLedger();
    ledger.full({ key, cap: '10' }, 2n * one, 0);
    expect(ledger.tryTake([{ key, cap: '10' }], 2n * one, 199)).toBe('full');
    expect(take(ledger, 199)).toMatchObject({ missing: { key } });
    expect(ledger.tryTake([{ key, cap: '10' }], 2n * one, 200)).toMatchObject({ missing: { key } });
    expect(ledger.tryTake([{ key, cap: '11' }], 2n * one, 0)).toMatchObject({ missing: { key } });
  });
});

type Step =
  | { readonly kind: 'take'; readonly who: number }
  | { readonly kind: 'settle'; readonly who: number; readonly isLost: boolean; readonly isRepeated: boolean }
  | { readonly kind: 'kill'; readonly who: number }
  | { readonly kind: 'expire' }
  | { readonly kind: 'wait'; readonly ms: number };

const HOLDERS = 3;
const who = fc.nat(HOLDERS - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('take' as const), who }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('settle' as const), who, isLost: fc.boolean(), isRepeated: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('kill' as const), who }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('expire' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(SLICE_TTL_MS) }) },
);

/** The counter and its slices as PostgreSQL holds them, by the same pure rules. */
class Model {
  used = 0n;
  held = 0n;
  lost = 0n;
  nowMs = 0;
  readonly slices = new Map<string, StoredSlice & { expiresAtMs: number }>();
  readonly admitted = new Map<SliceLedger, number>();
  private ledgers = Array.from({ length: HOLDERS }, () => new SliceLedger());
  private everAdmitted = 0;

  constructor(readonly cap: bigint) {}

  run(one_: Step): void {
    if (one_.kind === 'wait') this.nowMs += one_.ms;
    if (one_.kind === 'expire') this.expireAll();
    if (one_.kind === 'kill') this.ledgers[one_.who] = new SliceLedger();
    if (one_.kind === 'take') this.take(this.ledgers[one_.who]!);
    if (one_.kind === 'settle') this.settle(this.ledgers[one_.who]!, one_.isLost, one_.isRepeated);
    expect(this.used + this.held + this.lost).toBeLessThanOrEqual(this.cap);
    expect(BigInt(this.everAdmitted) * one).toBeLessThanOrEqual(this.cap);
    const sum = (state: string): bigint =>
      [...this.slices.values()].reduce((s, each) => s + (each.state === state ? each.amount - each.spent : 0n), 0n);
    expect({ held: this.held, lost: this.lost }).toEqual({ held: sum('open'), lost: sum('expired') });
  }

  /** Everybody says all they have to say; what was killed or too late stays lost. */
  finish(): void {
    this.nowMs += SLICE_USABLE_MS;
    for (const ledger of this.ledgers) this.settle(ledger, false, true);
    this.nowMs += SLICE_TTL_MS;
    this.expireAll();
    expect(this.held).toBe(0n);
    expect(BigInt(this.everAdmitted) * one).toBeGreaterThanOrEqual(this.used);
    expect(BigInt(this.everAdmitted) * one).toBeLessThanOrEqual(this.used + this.lost);
  }

  private take(ledger: SliceLedger): void {
    const cap = quantityOf(this.cap);
    const claims = [{ key, cap }];
    let answer = ledger.tryTake(claims, one, this.nowMs);
    if (typeof answer !== 'string') {
      const amount = sliceSize(this.cap - this.used - this.held - this.lost, one, one);
      if (amount === undefined) return ledger.full({ key, cap }, one, this.nowMs);
      const id = `s${this.slices.size}`;
      this.held += amount;
      this.slices.set(id, { state: 'open', amount, spent: 0n, expiresAtMs: this.nowMs + SLICE_TTL_MS });
      ledger.grant({ id, key, cap, amount, askedAtMs: this.nowMs });
      answer = ledger.tryTake(claims, one, this.nowMs);
    }
    if (answer === 'taken') this.everAdmitted += 1;
  }

  private settle(ledger: SliceLedger, isLost: boolean, isRepeated: boolean): void {
    const said = ledger.drain(this.nowMs, NOW);
    for (let times = isRepeated ? 2 : 1; times > 0; times -= 1) {
      for (const { sliceId, spent, isReturned } of said) {
        const stored = this.slices.get(sliceId)!;
        const { slice, delta } = settle(stored, { spent: unitsOf(spent), isReturned });
        this.change(sliceId, slice, delta);
      }
    }
    // The answer of a commit may be lost: then the same is said again, and more.
    if (!isLost) ledger.settled(said);
  }

  private expireAll(): void {
    for (const [id, stored] of this.slices) {
      if (stored.state !== 'open' || stored.expiresAtMs > this.nowMs) continue;
      const { slice, delta } = expire(stored);
      this.change(id, slice, delta);
    }
  }

  private change(id: string, slice: StoredSlice, delta: { used: bigint; held: bigint; lost: bigint }): void {
    this.slices.set(id, { ...this.slices.get(id)!, ...slice });
    this.used += delta.used;
    this.held += delta.held;
    this.lost += delta.lost;
  }
}

describe('slices of several processes', () => {
  it('whatever is killed, lost, repeated or late: the cap is never passed, and what is admitted is used or lost', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), fc.integer({ min: 1, max: 400 }), (steps, cap) => {
        const model = new Model(BigInt(cap) * one);
        for (const each of steps) model.run(each);
        model.finish();
      }),
      { numRuns: 300 },
    );
  });
});
