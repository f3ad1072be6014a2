import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decimal, decimalToString } from '@biplane/kernel';
import type { LicensedLimit } from '../claims/claims.js';
import { countLimit } from './limit-count.js';
import { crossedThresholds, thresholdsOf } from './thresholds.js';

const limit: LicensedLimit = {
  meter: 'api_calls',
  authority: 'data',
  aggregation: 'sum',
  cap: '10',
  window: 'month',
  strategy: 'hard_block',
  warnAt: ['1', '0.8'],
};

describe('thresholds', () => {
  it.each([
    [0n, 7n, []],
    [7n, 8n, ['0.8']],
    [8n, 9n, []],
    [7n, 10n, ['0.8', '1']],
    [10n, 99n, []],
    [9n, 8n, []],
  ])('from %s to %s of 10 a use passes %j', (previous, current, crossed) => {
    expect(crossedThresholds(limit, decimal(previous), decimal(current))).toEqual(crossed);
  });

  it('each threshold is passed once, in whatever steps a use grows', () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: 0n, max: 4n }), { maxLength: 20 }), (steps) => {
        let used = 0n;
        const crossed: string[] = [];
        for (const step of steps) {
          crossed.push(...crossedThresholds(limit, decimal(used), decimal(used + step)));
          used += step;
        }
        expect(crossed).toEqual(['0.8', '1'].filter((share) => Number(share) * 10 <= Number(used)));
        expect(countLimit(limit, String(used), '0').share).toBe(crossed.at(-1));
      }),
    );
  });

  it.each([
    ['10', '0.8', '8', '8'],
    ['10', '0.75', '7.5', '8'],
    ['3', '0.333333333333', '0.999999999999', '1'],
    ['0', '1', '0', '0'],
  ])('of a cap of %s the share %s is %s: the whole number %s is the first to reach it', (cap, share, amount, whole) => {
    const [threshold] = thresholdsOf({ ...limit, cap, warnAt: [share] });
    expect(threshold).toMatchObject({ wholeFrom: Number(whole) });
    expect(decimalToString(threshold?.amount ?? decimal(-1n))).toBe(amount);
  });
});
