import type { Period } from '@biplane/billing-calendar';
import type { AddonGrant } from '../catalog/index.js';

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
  readonly planCode: string;
  readonly planVersion: number;
  readonly timeZone: string;
  readonly startedAt: Date;
  readonly trialEndsAt: Date | null;
  /** The end that was decided, possibly ahead of now. */
  readonly endedAt: Date | null;
  readonly period: Period;
  readonly addons: readonly AttachedAddon[];
}
