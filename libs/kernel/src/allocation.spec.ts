import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { allocateLargestRemainder } from './allocation.js';

const weights = fc.array(fc.bigInt({ min: 0n, max: 10n ** 12n }), { minLength: 1, maxLength: 20 });

describe('allocateLargestRemainder', () => {
  it('golden bill 9: -0.02 over three lines of 0.05 is -0.01, -0.01, 0.00', () => {
    expect(allocateLargestRemainder(-2n, [5n, 5n, 5n])).toEqual([-1n, -1n, 0n]);
  });

  it('gives the odd units to the largest remainders, ties by order', () => {
    expect(allocateLargestRemainder(10n, [1n, 1n, 1n])).toEqual([4n, 3n, 3n]);
    expect(allocateLargestRemainder(10n, [1n, 2n, 3n])).toEqual([2n, 3n, 5n]);
    expect(allocateLargestRemainder(100n, [335n, 333n, 332n])).toEqual([34n, 33n, 33n]);
    expect(allocateLargestRemainder(1n, [1n, 3n, 3n])).toEqual([0n, 1n, 0n]);
    expect(allocateLargestRemainder(7n, [0n, 7n])).toEqual([0n, 7n]);
  });

  it('loses nothing, creates nothing, and stays within one unit of each exact quota', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }), weights, (total, given) => {
        const sum = given.reduce((a, b) => a + b, 0n);
        fc.pre(sum > 0n);
        const parts = allocateLargestRemainder(total, given);
        expect(parts.reduce((a, b) => a + b, 0n)).toBe(total);
        parts.forEach((part, index) => {
          const distance = part * sum - total * given[index]!;
          expect(distance < sum && distance > -sum).toBe(true);
        });
      }),
      { numRuns: 1_000 },
    );
  });

  it('mirrors a negative total', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 9n }), weights, (total, given) => {
        fc.pre(given.some((weight) => weight > 0n));
        const mirrored = allocateLargestRemainder(-total, given).map((part) => -part);
        expect(mirrored).toEqual(allocateLargestRemainder(total, given));
      }),
    );
  });

  it('splits nothing over nothing, and throws when nobody can take the total', () => {
    expect(allocateLargestRemainder(0n, [0n, 0n])).toEqual([0n, 0n]);
    expect(allocateLargestRemainder(0n, [])).toEqual([]);
    expect(() => allocateLargestRemainder(1n, [0n])).toThrow(RangeError);
    expect(() => allocateLargestRemainder(1n, [-1n, 2n])).toThrow(RangeError);
  });
});
