import type { Period, Stretches } from '@biplane/billing-calendar';
import type { Currency, Decimal, Money } from '@biplane/kernel';
import type { AddonPrice, MeterPrice } from './prices/registry.js';

/** A request that was read and checked: pure data, trusted from here on. Made by `parseBillRequest` alone. */
export interface BillInput {
  readonly currency: Currency;
  readonly timeZone: string;
  readonly period: Period;
  readonly taxes: readonly TaxInput[];
  /** Absent when there are none. */
  readonly discounts?: TenantDiscounts;
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
  /** Its rate is zero then: the recipient owes it. */
  readonly reverseCharge?: true;
}

/** The amount is taken before the percentage. */
export interface TenantDiscounts {
  readonly amount?: { readonly amount: Decimal; readonly description?: string };
  readonly percent?: { readonly rate: Decimal; readonly description?: string };
}

export interface DeploymentInput {
  readonly ref: string;
  readonly planCode: string;
  readonly planName: string;
  /** In force at the end of the period. */
  readonly plan: PlanPricing;
  /** In force before it, inside the period, in order; absent when there are none. */
  readonly previousPlans?: readonly PreviousPlan[];
  readonly addons: readonly AddonInput[];
  /** Inside the period, overlaps united. */
  readonly active: Stretches;
  readonly suspended: Stretches;
  /** Of the modules that cost by the day, in the order of their names; absent when there are none. */
  readonly enabled?: readonly { readonly module: string; readonly stretches: Stretches }[];
  readonly firstPeriod: boolean;
  /** One for each meter of the plan, in its order; a meter without usage counts as zero. */
  readonly usage: readonly MeterUsage[];
}

export interface PreviousPlan {
  readonly code: string;
  readonly name: string;
  readonly plan: PlanPricing;
  readonly until: Date;
}

export interface MeterUsage {
  readonly meter: MeterPricing;
  readonly used: Decimal;
  /** Rising; the license versions under which it was allowed, when known. */
  readonly licenseVersions: readonly number[];
}

export interface AddonInput {
  readonly code: string;
  readonly attachment?: string;
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
  readonly minimumCommitment?: Decimal;
  readonly maximum?: Decimal;
  readonly modules: readonly string[];
  /** Of the modules that cost by the day; absent when there are none. */
  readonly dailyPrices?: readonly { readonly module: string; readonly price: Decimal }[];
  readonly meters: readonly MeterPricing[];
}

export interface MeterPricing {
  readonly meter: string;
  readonly name: string;
  /** Used up first, per deployment and period, never prorated. */
  readonly included: Decimal;
  readonly price: MeterPrice;
  readonly discounts?: MeterDiscounts;
  readonly minimum?: Decimal;
  readonly maximum?: Decimal;
}

/** Taken in this order: from the quantity, from its price, from what is left of that. */
export interface MeterDiscounts {
  readonly usage?: Decimal;
  readonly amount?: Decimal;
  readonly percent?: Decimal;
}
