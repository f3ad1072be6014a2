import type { OpenPeriod, Period } from '@biplane/billing-calendar';

/**
 * What a bill is asked for with, as quotes and metered billing write it: the body of `POST /quotes` with plans and
 * add-ons looked up and instants read. Amounts, rates and quantities are decimal strings; nothing is trusted yet.
 */
export interface BillRequest {
  readonly currency: string;
  readonly timeZone: string;
  readonly period: Period;
  readonly taxes?: readonly TaxRequest[];
  /** The tenant's own, each a `TenantDiscountRequest`: at most one of each kind, the amount taken first. */
  readonly discounts?: readonly unknown[];
  /** Lines stand in this order. */
  readonly deployments: readonly DeploymentRequest[];
  /** What late usage changes of periods that were invoiced; quotes have none. */
  readonly adjustments?: readonly AdjustmentRequest[];
}

/** One meter of one deployment in one earlier period. Amounts are decimal strings; a negative one was a correction. */
export interface AdjustmentRequest {
  readonly ref: string;
  readonly meter: string;
  readonly name?: string;
  /** In which it was used. */
  readonly period: Period;
  readonly currency: string;
  /** By how much the billed quantity changes. */
  readonly quantity: string;
  /** What its usage comes to now. */
  readonly due: string;
  /** What was invoiced for it, adjustments included. */
  readonly invoiced: string;
}

export interface TaxRequest {
  readonly code: string;
  readonly name: string;
  /** 0 to 1; `"0.10"` is ten percent. */
  readonly rate: string;
  /** The recipient owes the tax: its rate here is "0", and its line of zero says why. */
  readonly reverseCharge?: boolean;
}

/** Over all lines but setup fees and what belongs to earlier periods, shared among the lines above zero. */
export type TenantDiscountRequest =
  | { readonly kind: 'amount'; readonly amount: string; readonly description?: string }
  | { readonly kind: 'percent'; readonly rate: string; readonly description?: string };

export interface DeploymentRequest {
  /** Names the deployment on its lines: an id, or any word in a quote. */
  readonly ref: string;
  readonly plan: { readonly code: string; readonly name?: string };
  /** In force at the end of the period: usage is rated under it, once, and its proration is that of the add-ons. */
  readonly planVersion: PlanPricingRequest;
  /** In force before it, in that order: each owes its fees for its own part of the period. */
  readonly previousPlans?: readonly PreviousPlanRequest[];
  readonly addons?: readonly AddonRequest[];
  /** When it was active (trial time is not active time), and when suspended; overlaps count once. */
  readonly active: readonly OpenPeriod[];
  readonly suspended?: readonly OpenPeriod[];
  /** Module → when it was enabled; of a module with a daily price that is absent no day counts. */
  readonly modules?: Readonly<Record<string, readonly OpenPeriod[]>>;
  /** Whether it is charged for the first time in this period: the setup fee of the plan then in force is due. */
  readonly firstPeriod?: boolean;
  /** Meter → quantity used in the period. */
  readonly usage?: Readonly<Record<string, string>>;
  /** Meter → license versions under which the usage was allowed; named on the overage lines. */
  readonly licenseVersions?: Readonly<Record<string, readonly number[]>>;
}

export interface PreviousPlanRequest {
  readonly plan: { readonly code: string; readonly name?: string };
  readonly planVersion: PlanPricingRequest;
  /** The first instant at which it was in force no longer; later than that of the plan before it. */
  readonly until: Date;
}

/** As the catalog has it, or as it was snapshotted when it was attached. */
export interface AddonRequest {
  readonly code: string;
  /** Tells apart several attachments of one add-on (another price, another quantity); the code, when absent. */
  readonly attachment?: string;
  readonly name?: string;
  readonly resourceKind: string;
  readonly currency?: string;
  readonly quantity: string;
  readonly price: PriceRequest;
  /** When it was attached; always, when absent. */
  readonly attached?: readonly OpenPeriod[];
}

/** The members of a plan version that have to do with money; others are ignored here. */
export interface PlanPricingRequest {
  readonly currency: string;
  readonly interval?: string;
  readonly proration?: string;
  readonly baseFee: string;
  readonly setupFee?: string | null;
  readonly minimumCommitment?: string | null;
  readonly maximum?: string | null;
  readonly modules?: readonly { readonly module: string; readonly dailyPrice?: string | null }[];
  readonly meters?: readonly MeterRequest[];
}

export interface MeterRequest {
  readonly meter: string;
  readonly name?: string;
  readonly included?: string;
  readonly price: PriceRequest;
  /** Each a `MeterDiscountRequest`: at most one of each kind, taken in the order usage, amount, percent. */
  readonly discounts?: readonly unknown[];
  readonly minimum?: string | null;
  readonly maximum?: string | null;
}

export type MeterDiscountRequest =
  | { readonly kind: 'usage'; readonly quantity: string }
  | { readonly kind: 'amount'; readonly amount: string }
  | { readonly kind: 'percent'; readonly rate: string };

/** A price of some kind; what else it has is read by the file of that kind. */
export type PriceRequest = { readonly kind: string } & Readonly<Record<string, unknown>>;
