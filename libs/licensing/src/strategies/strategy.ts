import type { Decimal } from '@biplane/kernel';
import type { LicensedLimit, StrategyName } from '../claims/claims.js';
import type { DecisionOutcome } from '../decision/decision.js';

/** A limit, what is in use, and what is asked for. */
export interface StrategyInput {
  readonly limit: LicensedLimit;
  readonly cap: Decimal;
  readonly used: Decimal;
  readonly quantity: Decimal;
  /** `used + quantity` */
  readonly after: Decimal;
  readonly windowEndsAt: Date | null;
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
