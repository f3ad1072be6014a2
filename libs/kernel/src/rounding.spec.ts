import { describe, expect, it } from '@jest/globals';
import { Decimal as Oracle } from 'decimal.js';
import fc from 'fast-check';
import { decimal, decimalToString } from './decimal.js';
import {
  addRational,
  compareRational,
  multiplyRational,
  rational,
  rationalFromDecimal,
  rationalToString,
} from './rational.js';
import { roundHalfAway } from './rounding.js';

const Exact = Oracle.clone({ precision: 200, rounding: Oracle.ROUND_HALF_UP });

const fraction = fc
  .tuple(fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }), fc.bigInt({ min: 1n, max: 10n ** 9n }))
  .map(([numerator, denominator]) => rational(numerator, denominator));

describe('roundHalfAway', () => {
  it.each([
    [12_525n, 3, 2, 1253n, 'half goes up'],
    [-12_525n, 3, 2, -1253n, 'half goes down below zero'],
    [-15n, 3, 2, -2n, '-0.015 is -0.02'],
    [12_524n, 3, 2, 1252n, 'below half'],
    [-12_524n, 3, 2, -1252n, 'below half, negative'],
    [10_005n, 4, 3, 1001n, 'KWD: 1.0005'],
    [37_515n, 2, 0, 375n, 'JPY: 375.15'],
    [5n, 1, 0, 1n, '0.5'],
    [-5n, 1, 0, -1n, '-0.5'],
    [4n, 1, 0, 0n, '0.4'],
    [0n, 0, 2, 0n, 'nothing'],
    [7n, 0, 2, 700n, 'whole'],
  ])('rounds %s e-%s at %s decimals to %s (%s)', (coefficient, scale, exponent, rounded) => {
    expect(roundHalfAway(rationalFromDecimal(decimal(coefficient, scale)), exponent)).toBe(rounded);
  });

  it('rounds decimals as decimal.js does with ROUND_HALF_UP (away from zero), in 4,000 random cases', () => {
    const halves = fc.bigInt({ min: -(10n ** 24n), max: 10n ** 24n });
    fc.assert(
      fc.property(halves, fc.integer({ min: 0, max: 12 }), fc.constantFrom(0, 2, 3, 4), (digits, scale, exponent) => {
        const value = decimal(digits, scale);
        const expected = new Exact(decimalToString(value)).toDecimalPlaces(exponent).times(10 ** exponent);
        expect(roundHalfAway(rationalFromDecimal(value), exponent).toString()).toBe(expected.plus(0).toFixed(0));
      }),
      { numRuns: 4_000 },
    );
  });

  it('keeps a share exact until the end: 99999999999999999.99 x 17/31', () => {
    const exact = multiplyRational(rationalFromDecimal(decimal(9_999_999_999_999_999_999n, 2)), rational(17n, 31n));
    expect(roundHalfAway(exact, 2)).toBe(5_483_870_967_741_935_483n);
  });

  it('rounds the product of full scale: 1.5 x 0.003333333333 is 0.00', () => {
    const product = multiplyRational(
      rationalFromDecimal(decimal(15n, 1)),
      rationalFromDecimal(decimal(3333333333n, 12)),
    );
    expect(roundHalfAway(product, 2)).toBe(0n);
  });
});

describe('Rational', () => {
  it('adds, multiplies and compares as decimal.js does, in 3,000 random pairs', () => {
    const oracle = ({ numerator, denominator }: ReturnType<typeof rational>) =>
      new Exact(numerator.toString()).div(denominator.toString());
    const close = (a: Oracle, b: Oracle) => a.minus(b).abs().lt('1e-100');
    fc.assert(
      fc.property(fraction, fraction, (a, b) => {
        expect(close(oracle(addRational(a, b)), oracle(a).plus(oracle(b)))).toBe(true);
        expect(close(oracle(multiplyRational(a, b)), oracle(a).times(oracle(b)))).toBe(true);
        expect(compareRational(a, b)).toBe(oracle(a).comparedTo(oracle(b)));
      }),
      { numRuns: 3_000 },
    );
  });

  it('is in lowest terms with the sign above, so that equal values are equal objects', () => {
    expect(rational(15n, 30n)).toEqual({ numerator: 1n, denominator: 2n });
    expect(rational(-15n, 30n)).toEqual({ numerator: -1n, denominator: 2n });
    expect(rational(15n, -30n)).toEqual({ numerator: -1n, denominator: 2n });
    expect(rational(-15n, -30n)).toEqual({ numerator: 1n, denominator: 2n });
    expect(rational(0n, -7n)).toEqual({ numerator: 0n, denominator: 1n });
    expect(rational(3n)).toEqual({ numerator: 3n, denominator: 1n });
  });

  it('prints whole numbers without a denominator', () => {
    expect(rationalToString(rational(4n, 2n))).toBe('2');
    expect(rationalToString(rational(16n, 31n))).toBe('16/31');
  });

  it('throws on a denominator of zero', () => {
    expect(() => rational(1n, 0n)).toThrow(RangeError);
  });
});
