import type { LicensedLimit, StrategyName } from '../claims/claims.js';
import type { DecisionOutcome } from '../decision/decision.js';
import type { RateAnswer } from './gcra.js';

/** A limit that a request would pass. Counts are decimal strings. */
export interface StrategyInput {
  readonly limit: LicensedLimit;
  /** In use before the request. */
  readonly used: string;
  /** In use were it admitted: more than the cap. */
  readonly after: string;
  readonly windowEndsAt: Date | null;
  /** Of `throttle`: what its rate says; undefined when the store of rates gave no answer in time. */
  readonly rate: RateAnswer | undefined;
}

export interface StrategyVerdict {
  readonly outcome: DecisionOutcome;
  readonly code: string | null;
  readonly reason: string;
  readonly retryAt: Date | null;
}

/** One enforcement strategy, one file. A strategy says what happens beyond the cap and when nothing is known; the rest is common. */
export interface EnforcementStrategy {
  readonly name: StrategyName;
  /** Whether a use at or above a share of `warnAt` is answered with a warning. */
  readonly warns: boolean;
  /** `after` is above the cap. */
  beyondCap(input: StrategyInput): StrategyVerdict;
  /** The counter store gave no answer in time. */
  withoutCounter(limit: LicensedLimit): StrategyVerdict;
}

export const admitted = (reason: string): StrategyVerdict => ({ outcome: 'allow', code: null, reason, retryAt: null });

/** Of a strategy that makes wait: it does so too when nobody can say how long. */
export const unanswered = (limit: LicensedLimit): StrategyVerdict => ({
  outcome: 'delay',
  code: 'LIMIT.UNAVAILABLE',
  reason: `The use of ${limit.meter} is unavailable, and its limit makes requests wait`,
  retryAt: null,
});
