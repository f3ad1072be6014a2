import { clip, subtract, type OpenPeriod, type Period } from '@biplane/billing-calendar';
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
  /** Billable time of all its life: from first ready (and the end of a trial) on; empty while it was never ready. */
  readonly active: readonly OpenPeriod[];
  readonly suspended: readonly OpenPeriod[];
  /** Of each module with a daily price, when it was enabled. */
  readonly modules: Readonly<Record<string, readonly OpenPeriod[]>>;
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
    firstPeriod: isFirstPeriod(deployment, period),
    usage: Object.fromEntries(usage.map(({ meter, quantity }) => [meter, quantity])),
    licenseVersions: Object.fromEntries(
      usage.flatMap(({ meter, licenseVersion }) => (licenseVersion === null ? [] : [[meter, [licenseVersion]]])),
    ),
  };
}

/** Whether the first instant of its life that is charged lies in the period: one in a trial is not, nor is a suspended one. */
function isFirstPeriod({ active, suspended }: MeteredDeployment, { from, to }: Period): boolean {
  const soFar = { from: new Date(0), to };
  const [first] = subtract(clip(active, soFar), clip(suspended, soFar));
  return first !== undefined && from <= first.from;
}
