import type { Period, Stretches } from '@biplane/billing-calendar';
import type { Currency, Decimal, Money } from '@biplane/kernel';
import type { AddonPrice, MeterPrice } from './prices/registry.js';

/** A request that was read and checked: pure data, trusted from here on. Made by `parseBillRequest` alone. */
export interface BillInput {
  readonly currency: Currency;
  readonly timeZone: string;
  readonly period: Period;
  readonly taxes: readonly TaxInput[];
  readonly deployments: readonly DeploymentInput[];
  /** By period, deployment and meter, whatever the order in which they were asked for. */
  readonly adjustments: readonly AdjustmentInput[];
}

/** Late usage of a period that is invoiced already: what it comes to now, and what was invoiced for it. */
export interface AdjustmentInput {
  readonly ref: string;
  readonly meter: string;
  readonly name: string;
  readonly period: Period;
  /** By how much the billed quantity changes; below zero when less was used than invoiced. */
  readonly quantity: Decimal;
  readonly due: Money;
  readonly invoiced: Money;
}

export interface TaxInput {
  readonly code: string;
  readonly name: string;
  readonly rate: Decimal;
}

export interface DeploymentInput {
  readonly ref: string;
  readonly planCode: string;
  readonly planName: string;
  readonly plan: PlanPricing;
  readonly addons: readonly AddonInput[];
  /** Inside the period, overlaps united. */
  readonly active: Stretches;
  readonly suspended: Stretches;
  readonly firstPeriod: boolean;
  /** One for each meter of the plan, in its order; a meter without usage counts as zero. */
  readonly usage: readonly MeterUsage[];
}

export interface MeterUsage {
  readonly meter: MeterPricing;
  readonly used: Decimal;
  /** Rising; the license versions under which it was allowed, when known. */
  readonly licenseVersions: readonly number[];
}

export interface AddonInput {
  readonly code: string;
  readonly name: string;
  readonly resourceKind: string;
  readonly quantity: Decimal;
  readonly price: AddonPrice;
  readonly attached: Stretches;
}

export type Proration = 'day' | 'second';

export interface PlanPricing {
  readonly currency: Currency;
  readonly proration: Proration;
  readonly baseFee: Decimal;
  readonly setupFee: Decimal;
  readonly modules: readonly string[];
  readonly meters: readonly MeterPricing[];
}

export interface MeterPricing {
  readonly meter: string;
  readonly name: string;
  /** Used up first, per deployment and period, never prorated. */
  readonly included: Decimal;
  readonly price: MeterPrice;
}
