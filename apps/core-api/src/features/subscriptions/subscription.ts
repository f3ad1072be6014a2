import type { Period } from '@biplane/billing-calendar';
import type { AddonGrant } from '../catalog/index.js';
import type { PlanAssignment } from './domain/plan-change.js';

/** What was sold when the add-on was attached; the catalog may say something else today. */
export interface AttachedAddon {
  readonly id: string;
  readonly code: string;
  readonly name: string;
  readonly resourceKind: string;
  readonly priceKind: string;
  /** Of one unit, in minor units of the currency. */
  readonly priceMinor: bigint;
  readonly currency: string;
  /** Decimal string; the line is price x units. */
  readonly units: string;
  readonly grants: readonly AddonGrant[];
  readonly attachedAt: Date;
  readonly detachedAt: Date | null;
}

export interface Subscription {
  readonly id: string;
  readonly tenantId: string;
  readonly deploymentId: string;
  /** The plan that grants now; `plans` says which one did and will. */
  readonly planCode: string;
  readonly planVersion: number;
  readonly timeZone: string;
  /** From when on it works and is charged, possibly ahead of now. */
  readonly startedAt: Date;
  readonly trialEndsAt: Date | null;
  /** The end that was decided, possibly ahead of now. */
  readonly endedAt: Date | null;
  /** Null: the defaults of a license. */
  readonly noticeDays: number | null;
  readonly graceDays: number | null;
  readonly period: Period;
  /** In the order in which they were decided. */
  readonly plans: readonly PlanAssignment[];
  readonly addons: readonly AttachedAddon[];
}
