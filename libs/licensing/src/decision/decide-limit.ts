import type { LicensedLimit } from '../claims/claims.js';
import { strategyOf } from '../strategies/index.js';
import type { StrategyVerdict } from '../strategies/strategy.js';
import { WARNING_CODES } from './decision.errors.js';
import type { CounterReading } from './decision.js';
import { countLimit } from './limit-count.js';

export interface LimitVerdict extends StrategyVerdict {
  readonly limit: LicensedLimit;
  readonly used: string | null;
  readonly remaining: string | null;
  readonly reading: CounterReading | undefined;
}

/** One limit: within the cap it admits, beyond it or without a count its strategy decides. */
export function decideLimit(limit: LicensedLimit, reading: CounterReading | undefined, quantity: string): LimitVerdict {
  const strategy = strategyOf(limit.strategy);
  if (!reading) return { ...strategy.withoutCounter(limit), limit, used: null, remaining: null, reading };
  const { isBeyond, used, after, remaining, share } = countLimit(limit, reading.used, quantity);
  if (isBeyond) {
    const { windowEndsAt, rate } = reading;
    const { outcome, code, reason, retryAt } = strategy.beyondCap({ limit, used, after, windowEndsAt, rate });
    return { outcome, code, reason, retryAt, limit, used, remaining, reading };
  }
  const reason = `${after} of ${limit.cap} ${limit.meter}`;
  return share === undefined || !strategy.warns
    ? { outcome: 'allow', code: null, reason, retryAt: null, limit, used, remaining, reading }
    : {
        outcome: 'warn',
        code: WARNING_CODES.limitNear,
        reason: `${reason}: warned from ${share} on`,
        retryAt: null,
        limit,
        used,
        remaining,
        reading,
      };
}
