import type { AdmitQuestion, CheckedDecision, CheckQuestion, Decider } from '@biplane/limits';
import type { Decision, LicenseClaims } from '@biplane/licensing';

/** Who decides by counters: the limits feature gives the engine of libs/limits. */
export interface AccessDecider {
  check(question: CheckQuestion): Promise<CheckedDecision>;
  admit(question: AdmitQuestion): Promise<Decision>;
  /** Without a promise when everything is known in memory; undefined: ask with `admit`. */
  admitNow(question: AdmitQuestion): Decision | undefined;
}
/** Provides a `Decider`: whoever counts needs its counters too. */
export const DECIDER = Symbol('DECIDER');
export type { Decider };

/** Hears what was decided by a limit, to tell core-api. Never fails, and nobody waits for it. */
export interface DecisionListener {
  decided(license: LicenseClaims, action: string, meter: string, decision: Decision): void;
}
export const DECISION_LISTENER = Symbol('DECISION_LISTENER');

/** Counts admitted requests of routes with `@Meters`: in memory, folded into the windows every second by the metrics feature. */
export interface CallCounter {
  count(license: LicenseClaims, meter: string, quantity: number, at: Date): void;
}
export const CALL_COUNTER = Symbol('CALL_COUNTER');

/** Which home this process serves. */
export interface HomeIdentity {
  readonly homeId: string;
  readonly kind: 'shared' | 'dedicated';
  readonly region: string;
  readonly instanceId: string;
}
export const HOME = Symbol('HOME');

/** Who a request is for: a tenant handle is one, and so is a deployment that has no database yet. */
export interface DeploymentRef {
  readonly deploymentId: string;
}
