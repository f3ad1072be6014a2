import type { PlanPricingRequest } from '@biplane/pricing';

/** The plan version with each meter called as the catalog calls it, so that lines read as people speak. */
export function namedMeters(version: PlanPricingRequest, names: ReadonlyMap<string, string>): PlanPricingRequest {
  const meters = (version.meters ?? []).map((meter) => ({ ...meter, name: names.get(meter.meter) ?? meter.meter }));
  return { ...version, meters };
}
