import type { LocalDay, Period, Stretches } from '@biplane/billing-calendar';
import type { Currency } from '@biplane/kernel';
import type { PlanStretch } from '../activity.js';
import type { Line } from '../bill.js';
import type { DeploymentInput } from '../input.js';

/** What a charge may look at, beside the deployment. */
export interface ChargeContext {
  readonly currency: Currency;
  /** The local days of the period: found once, for a bill may ask ten thousand times. */
  readonly days: readonly LocalDay[];
  readonly period: Period;
  /** When the deployment was active and not suspended, inside the period. */
  readonly chargeable: Stretches;
  /** Whose fees are owed: the plans of the period in order, that of its end last. */
  readonly plans: readonly PlanStretch[];
}

/** One reason for a deployment to owe something. One file each; their order on the bill is that of `price-bill.ts`. */
export type Charge = (deployment: DeploymentInput, context: ChargeContext) => readonly Line[];
