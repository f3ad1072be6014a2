import { describe, expect, it } from '@jest/globals';
import { expire, settle, sliceSize } from './slice-rules.js';
import { unitsOf } from './units.js';

const size = (rest: string, least: string, wanted = least) => {
  const answer = sliceSize(unitsOf(rest), unitsOf(least), unitsOf(wanted));
  return answer === undefined ? undefined : Number(answer) / Number(unitsOf('1'));
};

describe('sliceSize', () => {
  it.each([
    ['1 % of what remains', '10000', '1', 100],
    ['whole units only', '199', '1', 1],
    ['at least one', '50', '1', 1],
    ['at least what is waited for', '50', '7', 7],
    ['never more than there is', '0.5', '0.25', 0.5],
    ['not when the least does not fit', '3', '4', undefined],
    ['not of nothing', '0', '0', undefined],
  ])('is %s', (_, rest, least, expected) => {
    expect(size(rest, least)).toBe(expected);
  });

  it('is all there is when more is waited for than there is', () => {
    expect(size('3', '1', '9')).toBe(3);
  });
});

describe('settle', () => {
  const open = { state: 'open', amount: 10n, spent: 0n } as const;

  it('moves what was spent from held to used, once, however often it is told', () => {
    const first = settle(open, { spent: 4n, isReturned: false });
    expect(first.delta).toEqual({ used: 4n, held: -4n, lost: 0n });
    expect(settle(first.slice, { spent: 4n, isReturned: false }).delta).toEqual({ used: 0n, held: 0n, lost: 0n });
    expect(settle(first.slice, { spent: 3n, isReturned: false }).delta).toEqual({ used: 0n, held: 0n, lost: 0n });
  });

  it('frees the rest of a slice that goes back, once', () => {
    const back = settle(open, { spent: 4n, isReturned: true });
    expect(back).toEqual({
      slice: { state: 'returned', amount: 10n, spent: 4n },
      delta: { used: 4n, held: -10n, lost: 0n },
    });
    expect(settle(back.slice, { spent: 4n, isReturned: true }).delta).toEqual({ used: 0n, held: 0n, lost: 0n });
  });

  it('a slice that is returned after its expiry frees nothing: what was spent comes out of what was lost', () => {
    const lost = expire(open);
    expect(lost.delta).toEqual({ used: 0n, held: -10n, lost: 10n });
    const late = settle(lost.slice, { spent: 4n, isReturned: true });
    expect(late.delta).toEqual({ used: 4n, held: 0n, lost: -4n });
    expect(settle(late.slice, { spent: 4n, isReturned: true }).delta).toEqual({ used: 0n, held: 0n, lost: 0n });
  });

  it('counts no more than the slice', () => {
    expect(settle(open, { spent: 11n, isReturned: false }).delta).toEqual({ used: 10n, held: -10n, lost: 0n });
  });
});
