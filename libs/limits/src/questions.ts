import type { Clock } from '@biplane/kernel';
import type {
  Decision,
  LicenseClaims,
  LicensedLimit,
  MeterAuthority,
  CountedQuestion,
  CounterReading,
} from '@biplane/licensing';
import type { Ids, Tx, UnitOfWork } from '@biplane/service-kit';
import type { LimitKey } from './domain/limit-key.js';
import type { UsageSource } from './limit-counters.js';

/** May this deployment do this now? The license is verified, or null when none is held. */
export interface Question {
  readonly license: LicenseClaims | null;
  readonly deploymentId: string;
  /** `module:feature` */
  readonly action: string;
  readonly meter?: string | undefined;
  /** Decimal string, not negative; "1" when a meter is named without one. */
  readonly quantity?: string | undefined;
  /** Who asks: an idempotency key is its own. */
  readonly principal: string;
}

export interface CheckQuestion extends Question {
  /** Holds the quantity, when it is admitted, until it is confirmed, released or expires. */
  readonly reserve?: boolean | undefined;
  readonly idempotencyKey?: string | undefined;
  /** What is left of the time for an answer; all of it by default. */
  readonly answerMs?: number | undefined;
  /** Called when the answer is one that was given before, under the key: nothing happened again. */
  readonly repeated?: (() => void) | undefined;
}

export interface AdmitQuestion extends Question {
  /** Called when the use is admitted and counted, in the same turn: what is told of it here is in the same flush. */
  readonly counted?: ((at: Date) => void) | undefined;
}

export interface CheckedDecision extends Decision {
  readonly decisionId: string;
  readonly reservationId?: string;
  /** RFC 3339 UTC: when the reservation ends. */
  readonly expiresAt?: string;
  readonly ticketId?: string;
}

/** A share of a cap that was passed, told once a window. */
export interface LimitPassed {
  readonly license: LicenseClaims;
  readonly module: string;
  readonly key: LimitKey;
  readonly limit: LicensedLimit;
  readonly share: string;
  readonly used: string;
}

/** An answer of `check` that admits nothing. */
export interface Refused {
  readonly question: CheckQuestion;
  readonly decision: CheckedDecision;
  readonly at: Date;
}

export interface DeciderOptions {
  readonly plane: MeterAuthority;
  /** Of the data plane: a license that places the deployment elsewhere decides nothing here. */
  readonly homeId?: string | undefined;
  readonly unitOfWork: UnitOfWork;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly usageSource: UsageSource;
  /** By which licenses are judged; the Clock's by default. */
  readonly licenseNow?: () => Date;
  /** What the present license of a deployment says, from whoever keeps it ready; by default it is found in the question's. */
  readonly byLicense?: (deploymentId: string, action: string) => Decision;
  /** What it says to a use of a meter with one count, from memory; undefined, or without this: `decideLimits` is asked. */
  readonly withinLimit?: (question: CountedQuestion, reading: CounterReading) => Decision | undefined;
  /** The last known total of a meter that the other plane counts; null when none came yet. */
  readonly otherPlane?: (tx: Tx, key: LimitKey) => Promise<{ readonly used: string; readonly asOf: Date } | null>;
  /** In the transaction that found it, so that what is told of it is told once. */
  readonly onPassed?: (tx: Tx, passed: LimitPassed) => Promise<void>;
  /** In the transaction that records a denial or a delay of `check`, whatever refused: what is told of it is told once. */
  readonly onRefused?: (tx: Tx, refused: Refused) => Promise<void>;
  readonly metrics?: DecisionObserver;
  /** The code of a denial for want of an answer; LIMIT.UNAVAILABLE by default. */
  readonly unavailableCode?: string;
  /** How long a reservation lasts; 15 minutes by default. */
  readonly reserveMs?: number;
  /** How long an answer may take; 250 ms by default. */
  readonly answerMs?: number;
  readonly monotonicMs?: () => number;
  readonly onError?: (error: unknown) => void;
}

export interface DecisionObserver {
  decided(decision: Decision, seconds: number): void;
}
