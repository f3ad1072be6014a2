import { compareDecimal, multiplyDecimal, orThrow, parseDecimal, type Decimal } from '@biplane/kernel';
import type { LicensedLimit } from '../claims/claims.js';

/** A share of `warnAt`, as a use of the limit's meter. */
export interface Threshold {
  readonly share: string;
  readonly amount: Decimal;
  /** The smallest whole number that reaches it; above 2^53 for amounts that no such number does. */
  readonly wholeFrom: number;
}

// A document never changes, and its thresholds are asked at each counted request: they are computed once.
const thresholdsByLimit = new WeakMap<LicensedLimit, readonly Threshold[]>();

/** In ascending order. */
export function thresholdsOf(limit: LicensedLimit): readonly Threshold[] {
  const known = thresholdsByLimit.get(limit);
  if (known) return known;
  const cap = orThrow(parseDecimal(limit.cap));
  const thresholds = limit.warnAt
    .map((share) => {
      const amount = multiplyDecimal(cap, orThrow(parseDecimal(share)));
      const unit = 10n ** BigInt(amount.scale);
      return { share, amount, wholeFrom: Number((amount.coefficient + unit - 1n) / unit) };
    })
    .sort((a, b) => compareDecimal(a.amount, b.amount));
  thresholdsByLimit.set(limit, thresholds);
  return thresholds;
}

/**
 * The shares of `warnAt` that a use passes as it grows: previous < threshold ≤ current, so each is passed once a window.
 * In ascending order.
 */
export function crossedThresholds(limit: LicensedLimit, previous: Decimal, current: Decimal): string[] {
  return thresholdsOf(limit)
    .filter(({ amount }) => compareDecimal(previous, amount) < 0 && compareDecimal(amount, current) <= 0)
    .map(({ share }) => share);
}
