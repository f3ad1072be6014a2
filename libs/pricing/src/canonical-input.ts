import { canonicalJson } from '@biplane/kernel';
import type { BillInput, PlanPricing } from './input.js';

/** The text of a plan is made once for all bills that name it. */
const texts = new WeakMap<PlanPricing, string>();

/**
 * One text for all requests that mean the same ("0.1" and "0.10", keys in any order, stretches cut in two): what
 * the caller hashes with SHA-256 into `inputHash`. A plan stands in it as a text of its own, and usage names its meter.
 */
export function canonicalInput(input: BillInput): string {
  const deployments = input.deployments.map(({ plan, previousPlans, usage, ...deployment }) => ({
    ...deployment,
    plan: planText(plan),
    ...(previousPlans && { previousPlans: previousPlans.map((one) => ({ ...one, plan: planText(one.plan) })) }),
    usage: usage.map(({ meter, ...used }) => ({ ...used, meter: meter.meter })),
  }));
  return canonicalJson({ ...input, deployments });
}

function planText(plan: PlanPricing): string {
  const known = texts.get(plan);
  if (known !== undefined) return known;
  const text = canonicalJson(plan);
  texts.set(plan, text);
  return text;
}
