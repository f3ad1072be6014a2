import {
  addDecimal,
  compareDecimal,
  decimalToString,
  orThrow,
  parseDecimal,
  subtractDecimal,
  ZERO_DECIMAL,
} from '@biplane/kernel';
import type { StrategyName } from '@biplane/licensing';

export interface Quota {
  readonly isAllowed: boolean;
  readonly remaining: string;
  readonly used: string;
  readonly limit: string;
  readonly behavior: StrategyName;
}

/** Those that refuse, or keep waiting, what is beyond the cap. `throttle` lets it through at its rate. */
const REFUSING: readonly StrategyName[] = ['hard_block', 'queue'];

/**
 * How much of a limit is left, and whether `quantity` more would be let in as far as this limit is concerned: a look, which
 * holds nothing and counts nothing.
 */
export function quotaOf(
  limit: { readonly cap: string; readonly strategy: StrategyName },
  used: string,
  quantity: string,
  isInForce: boolean,
): Quota {
  const [cap, inUse] = [orThrow(parseDecimal(limit.cap)), orThrow(parseDecimal(used, { maxDigits: 42 }))];
  const rest = subtractDecimal(cap, inUse);
  const fits = compareDecimal(addDecimal(inUse, orThrow(parseDecimal(quantity))), cap) <= 0;
  return {
    isAllowed: isInForce && (fits || !REFUSING.includes(limit.strategy)),
    remaining: decimalToString(compareDecimal(rest, ZERO_DECIMAL) < 0 ? ZERO_DECIMAL : rest),
    used,
    limit: limit.cap,
    behavior: limit.strategy,
  };
}
