import type { LicenseClaims, LimitWindow, StrategyName } from '../claims/claims.js';
import type { RateAnswer } from '../strategies/gcra.js';

/** From mild to severe. */
export const DECISION_OUTCOMES = ['allow', 'warn', 'overage', 'delay', 'deny'] as const;
export type DecisionOutcome = (typeof DECISION_OUTCOMES)[number];

export interface DecisionWarning {
  readonly code: string;
  readonly reason: string;
}

/**
 * The answer of the gate, the same from core-api, tenant-api and the library. The asker adds its `decisionId`, a decision made purely
 * has none. Quantities are decimal strings, instants RFC 3339 UTC.
 */
export interface Decision {
  readonly outcome: DecisionOutcome;
  /** True for `allow`, `warn` and `overage`. */
  readonly isAllowed: boolean;
  /** Null when there is nothing to say. */
  readonly code: string | null;
  /** In plain words, for a person. */
  readonly reason: string;
  /** The strategy of the limit that decided; null when none did. */
  readonly behavior: StrategyName | null;
  readonly limit: string | null;
  /** In use before this request. */
  readonly used: string | null;
  readonly remaining: string | null;
  readonly retryAt: string | null;
  readonly licenseVersion: number | null;
  /** The instant of the counts; without counts, when the license that decided was issued; without a license, of the question. */
  readonly asOf: string;
  /** The counts are the other plane's, as last known. */
  readonly stale: boolean;
  /** Everything that the caller should be warned of, the reason of a `warn` included. */
  readonly warnings: readonly DecisionWarning[];
}

/** From `delay` on nothing is admitted. */
const ADMITTING: ReadonlySet<DecisionOutcome> = new Set(['allow', 'warn', 'overage']);

export const NO_WARNINGS: readonly DecisionWarning[] = Object.freeze([]);

/** What a decision says at least; the rest is about a limit, and none decided unless it is given. */
type DecisionParts = Pick<Decision, 'outcome' | 'code' | 'reason' | 'licenseVersion' | 'asOf'> &
  Partial<Pick<Decision, 'behavior' | 'limit' | 'used' | 'remaining' | 'retryAt' | 'stale' | 'warnings'>>;

/** Every Decision is made here: all have the same members in the same order. */
export function makeDecision(parts: DecisionParts): Decision {
  return {
    outcome: parts.outcome,
    isAllowed: ADMITTING.has(parts.outcome),
    code: parts.code,
    reason: parts.reason,
    behavior: parts.behavior ?? null,
    limit: parts.limit ?? null,
    used: parts.used ?? null,
    remaining: parts.remaining ?? null,
    retryAt: parts.retryAt ?? null,
    licenseVersion: parts.licenseVersion,
    asOf: parts.asOf,
    stale: parts.stale ?? false,
    warnings: parts.warnings ?? NO_WARNINGS,
  };
}

/** What the counter store answered for one limit. No reading for a limit: it did not answer within its time. */
export interface CounterReading {
  readonly meter: string;
  readonly window: LimitWindow;
  /** Decimal string. Of a sum: since the window began; of a gauge: its present level, whatever the bill takes of it. */
  readonly used: string;
  readonly asOf: Date;
  readonly stale?: boolean;
  /** When the window ends in the license's zone; null for a level limit. */
  readonly windowEndsAt: Date | null;
  /** Of `throttle`, and only asked for beyond the cap: what its rate says to this request (see `gcra`, `isBeyondCap`). */
  readonly rate?: RateAnswer | undefined;
}

export interface DecideInput {
  /** Verified; null or undefined when none is held. */
  readonly license: LicenseClaims | null | undefined;
  /** The deployment of the request: a license of another one decides nothing. */
  readonly deploymentId: string;
  /** The home that decides. core-api, which is none, leaves it out. */
  readonly homeId?: string | undefined;
  /** `module:feature` */
  readonly action: string;
  readonly meter?: string | undefined;
  /** Decimal string, not negative; "1" when a meter is named without one. */
  readonly quantity?: string | undefined;
  /** By which licenses are judged: see `effectiveNow`. */
  readonly now: Date;
  readonly readings?: readonly CounterReading[] | undefined;
}
