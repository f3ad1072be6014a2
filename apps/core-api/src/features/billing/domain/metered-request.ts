import type { OpenPeriod, Period } from '@biplane/billing-calendar';
import type { AddonRequest, BillRequest, DeploymentRequest, PlanPricingRequest, TaxRequest } from '@biplane/pricing';

/** What one deployment brings to a bill, as the other features know it. */
export interface MeteredDeployment {
  readonly deploymentId: string;
  readonly plan: { readonly code: string; readonly name: string };
  readonly planVersion: PlanPricingRequest;
  readonly addons: readonly AddonRequest[];
  /** Billable time: from first ready (and the end of a trial) on. May reach beyond the period. */
  readonly active: readonly OpenPeriod[];
  readonly suspended: readonly OpenPeriod[];
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

/**
 * A metered month as the request that a quote would make of it: from here on quote and invoice are one computation.
 * Deployments stand in the order of their ids, so that the same month always comes to the same bytes.
 */
export function meteredRequest(
  currency: string,
  timeZone: string,
  period: Period,
  taxes: readonly TaxRequest[],
  deployments: readonly MeteredDeployment[],
): BillRequest {
  const ordered = [...deployments].sort((a, b) => (a.deploymentId < b.deploymentId ? -1 : 1));
  return {
    currency,
    timeZone,
    period,
    taxes,
    deployments: ordered.map((deployment) => deploymentRequest(deployment, period)),
  };
}

function deploymentRequest(deployment: MeteredDeployment, period: Period): DeploymentRequest {
  const priced = new Set((deployment.planVersion.meters ?? []).map(({ meter }) => meter));
  // A meter that the plan limits but does not price never reaches a bill; a priced one is owed in any state.
  const usage = deployment.usage.filter(({ meter }) => priced.has(meter));
  return {
    ref: deployment.deploymentId,
    plan: { code: deployment.plan.code, name: deployment.plan.name },
    planVersion: deployment.planVersion,
    addons: deployment.addons,
    active: deployment.active,
    suspended: deployment.suspended,
    firstPeriod: isFirst(deployment.firstReadyAt, period),
    usage: Object.fromEntries(usage.map(({ meter, quantity }) => [meter, quantity])),
    licenseVersions: Object.fromEntries(
      usage.flatMap(({ meter, licenseVersion }) => (licenseVersion === null ? [] : [[meter, [licenseVersion]]])),
    ),
  };
}

function isFirst(firstReadyAt: Date | null, period: Period): boolean {
  return firstReadyAt !== null && period.from <= firstReadyAt && firstReadyAt < period.to;
}
