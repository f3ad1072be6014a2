import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decimal } from '@biplane/kernel';
import type { LicensedLimit } from '../claims/claims.js';
import { crossedThresholds, reachedThreshold } from './thresholds.js';

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
        expect(reachedThreshold(limit, decimal(used))).toBe(crossed.at(-1));
      }),
    );
  });
});
