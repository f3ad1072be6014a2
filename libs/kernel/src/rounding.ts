import type { Rational } from './rational.js';

/**
 * `value` in units of `10^-exponent`, half away from zero: 12.525 at 2 is 1253, -0.015 at 2 is -2.
 * The only rounding of money there is; each component of a bill passes it once.
 */
export function roundHalfAway(value: Rational, exponent: number): bigint {
  const negative = value.numerator < 0n;
  const numerator = (negative ? -value.numerator : value.numerator) * 10n ** BigInt(exponent);
  // floor(x + 1/2) of the absolute value, in integers.
  const units = (2n * numerator + value.denominator) / (2n * value.denominator);
  return negative ? -units : units;
}
