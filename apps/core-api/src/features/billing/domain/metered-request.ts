import type { OpenPeriod, Period } from '@biplane/billing-calendar';
import type {
  AddonRequest,
  BillRequest,
  DeploymentRequest,
  PlanPricingRequest,
  TaxRequest,
  TenantDiscountRequest,
} from '@biplane/pricing';

/** A plan version while it is priced. */
export interface PricedPlan {
  readonly code: string;
  readonly name: string;
  readonly pricing: PlanPricingRequest;
  /** The first instant at which it is priced no longer; null of the one that is in force at the period's end. */
  readonly until: Date | null;
}

/** What one deployment brings to a bill, as the other features know it. */
export interface MeteredDeployment {
  readonly deploymentId: string;
  /** In the order in which they were in force; at least one. */
  readonly plans: readonly PricedPlan[];
  readonly addons: readonly AddonRequest[];
  /** Billable time: from first ready (and the end of a trial) on. May reach beyond the period. */
  readonly active: readonly OpenPeriod[];
  readonly suspended: readonly OpenPeriod[];
  /** Of each module with a daily price, when it was enabled. */
  readonly modules: Readonly<Record<string, readonly OpenPeriod[]>>;
  /** Null while it was never ready: then nothing but usage is owed. */
  readonly firstReadyAt: Date | null;
  readonly usage: readonly MeteredQuantity[];
}

/** What one meter came to, and under which license it was allowed. */
export interface MeteredQuantity {
  readonly meter: string;
  readonly quantity: string;
  readonly licenseVersion: number | null;
}

export interface MeteredMonth {
  readonly currency: string;
  readonly timeZone: string;
  readonly period: Period;
  readonly taxes: readonly TaxRequest[];
  readonly discounts: readonly TenantDiscountRequest[];
  readonly deployments: readonly MeteredDeployment[];
}

/**
 * A metered month as the request that a quote would make of it: from here on quote and invoice are one computation.
 * Deployments stand in the order of their ids, so that the same month always comes to the same bytes.
 */
export function meteredRequest({ deployments, ...month }: MeteredMonth): BillRequest {
  const ordered = [...deployments].sort((a, b) => (a.deploymentId < b.deploymentId ? -1 : 1));
  return { ...month, deployments: ordered.map((deployment) => deploymentRequest(deployment, month.period)) };
}

function deploymentRequest(deployment: MeteredDeployment, period: Period): DeploymentRequest {
  const previous = deployment.plans.slice(0, -1);
  const plan = deployment.plans.at(-1)!;
  const priced = new Set((plan.pricing.meters ?? []).map(({ meter }) => meter));
  // A meter that the plan limits but does not price never reaches a bill; a priced one is owed in any state.
  const usage = deployment.usage.filter(({ meter }) => priced.has(meter));
  const firstReadyAt = firstReadyIn(deployment.firstReadyAt, period);
  return {
    ref: deployment.deploymentId,
    plan: { code: plan.code, name: plan.name },
    planVersion: plan.pricing,
    previousPlans: previous.map(({ code, name, pricing, until }) => {
      return { plan: { code, name }, planVersion: pricing, until: until! };
    }),
    addons: deployment.addons,
    active: deployment.active,
    suspended: deployment.suspended,
    modules: deployment.modules,
    firstPeriod: firstReadyAt !== null,
    ...(firstReadyAt !== null && previous.length > 0 && { firstReadyAt }),
    usage: Object.fromEntries(usage.map(({ meter, quantity }) => [meter, quantity])),
    licenseVersions: Object.fromEntries(
      usage.flatMap(({ meter, licenseVersion }) => (licenseVersion === null ? [] : [[meter, [licenseVersion]]])),
    ),
  };
}

function firstReadyIn(firstReadyAt: Date | null, period: Period): Date | null {
  return firstReadyAt !== null && period.from <= firstReadyAt && firstReadyAt < period.to ? firstReadyAt : null;
}
