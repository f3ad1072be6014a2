import { compareDecimal, multiplyDecimal, orThrow, parseDecimal, type Decimal } from '@biplane/kernel';
import type { LicensedLimit } from '../claims/claims.js';

const thresholdsOf = (limit: LicensedLimit): { share: string; amount: Decimal }[] => {
  const cap = orThrow(parseDecimal(limit.cap));
  return limit.warnAt.map((share) => ({ share, amount: multiplyDecimal(cap, orThrow(parseDecimal(share))) }));
};

/** The highest share of `warnAt` that a use has reached; undefined when it has reached none. */
export function reachedThreshold(limit: LicensedLimit, used: Decimal): string | undefined {
  return thresholdsOf(limit)
    .filter(({ amount }) => compareDecimal(used, amount) >= 0)
    .sort((a, b) => compareDecimal(b.amount, a.amount))[0]?.share;
}

/**
 * The shares of `warnAt` that a use passes as it grows: previous < threshold ≤ current, so each is passed once a window.
 * In ascending order.
 */
export function crossedThresholds(limit: LicensedLimit, previous: Decimal, current: Decimal): string[] {
  return thresholdsOf(limit)
    .filter(({ amount }) => compareDecimal(previous, amount) < 0 && compareDecimal(amount, current) <= 0)
    .sort((a, b) => compareDecimal(a.amount, b.amount))
    .map(({ share }) => share);
}
