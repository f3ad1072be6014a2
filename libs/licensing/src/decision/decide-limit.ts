import {
  addDecimal,
  compareDecimal,
  decimalToString,
  maxDecimal,
  orThrow,
  parseDecimal,
  subtractDecimal,
  ZERO_DECIMAL,
  type Decimal,
} from '@biplane/kernel';
import type { LicensedLimit } from '../claims/claims.js';
import { strategyOf } from '../strategies/index.js';
import type { StrategyVerdict } from '../strategies/strategy.js';
import { WARNING_CODES } from './decision.errors.js';
import type { CounterReading } from './decision.js';
import { reachedThreshold } from './thresholds.js';

export interface LimitVerdict extends StrategyVerdict {
  readonly limit: LicensedLimit;
  readonly used: string | null;
  readonly remaining: string | null;
  readonly reading: CounterReading | undefined;
}

/** One limit: within the cap it admits, beyond it or without a count its strategy decides. */
export function decideLimit(
  limit: LicensedLimit,
  reading: CounterReading | undefined,
  quantity: Decimal,
): LimitVerdict {
  const strategy = strategyOf(limit.strategy);
  if (!reading) return { ...strategy.withoutCounter(limit), limit, used: null, remaining: null, reading };
  const cap = orThrow(parseDecimal(limit.cap));
  const used = orThrow(parseDecimal(reading.used, { maxDigits: 60 }));
  const after = addDecimal(used, quantity);
  const remaining = maxDecimal(ZERO_DECIMAL, subtractDecimal(cap, used));
  const counts = { limit, used: decimalToString(used), remaining: decimalToString(remaining), reading };
  if (compareDecimal(after, cap) > 0) {
    return {
      ...strategy.beyondCap({ limit, cap, used, quantity, after, windowEndsAt: reading.windowEndsAt }),
      ...counts,
    };
  }
  const share = strategy.warns ? reachedThreshold(limit, after) : undefined;
  const reason = `${decimalToString(after)} of ${decimalToString(cap)} ${limit.meter}`;
  return share === undefined
    ? { outcome: 'allow', code: null, reason, retryAt: null, ...counts }
    : {
        outcome: 'warn',
        code: WARNING_CODES.limitNear,
        reason: `${reason}: warned from ${share} on`,
        retryAt: null,
        ...counts,
      };
}
