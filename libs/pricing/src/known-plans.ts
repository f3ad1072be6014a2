import type { PlanPricing } from './input.js';
import type { Mistakes } from './mistakes.js';
import { readPlanPricing } from './parse-plan.js';
import type { PlanPricingRequest } from './request.js';

const known = new WeakMap<PlanPricingRequest, PlanPricing>();

/**
 * Reads a plan once for all bills that name it: thousands of tenants of one roll-up have the same. Only what is frozen is
 * remembered, since it cannot become another plan; and nothing that holds a mistake, which is told at each place anew.
 */
export function readKnownPlan(request: PlanPricingRequest, pointer: string, mistakes: Mistakes): PlanPricing | null {
  const found = known.get(request);
  if (found) return found;
  const before = mistakes.count;
  const plan = readPlanPricing(request, pointer, mistakes);
  if (plan !== null && mistakes.count === before && Object.isFrozen(request)) known.set(request, plan);
  return plan;
}
