import { describe, expect, it } from '@jest/globals';
import { quotaOf } from './quota.js';

describe('a quota', () => {
  it.each([
    ['hard_block', '9', '1', true, '1'],
    ['hard_block', '10', '1', false, '0'],
    ['hard_block', '9.5', '1', false, '0.5'],
    ['queue', '10', '1', false, '0'],
    ['throttle', '10', '1', true, '0'],
    ['soft_warning', '12', '1', true, '0'],
    ['overage_charge', '12', '1', true, '0'],
    ['allow', '12', '1', true, '0'],
  ] as const)(
    'of %s with %s of 10 used lets %s more in: %s, %s remain',
    (strategy, used, quantity, isAllowed, rest) => {
      expect(quotaOf({ cap: '10', strategy }, used, quantity, true)).toEqual({
        isAllowed,
        remaining: rest,
        used,
        limit: '10',
        behavior: strategy,
      });
    },
  );

  it('lets nothing in while no license is in force, and still says how much is used', () => {
    expect(quotaOf({ cap: '10', strategy: 'allow' }, '1', '1', false)).toMatchObject({
      isAllowed: false,
      remaining: '9',
    });
  });
});
