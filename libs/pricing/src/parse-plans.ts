import type { Period } from '@biplane/billing-calendar';
import type { DeploymentInput, PlanPricing, PreviousPlan } from './input.js';
import { at, type Mistakes } from './mistakes.js';
import { readKnownPlan } from './known-plans.js';
import { refuseOtherCurrency, type BillFrame } from './parse-frame.js';
import { PricingErrors } from './pricing.errors.js';
import type { DeploymentRequest, PlanPricingRequest } from './request.js';

/** The plan in force at the end of the period, and those before it. */
export type PlansInForce = Pick<DeploymentInput, 'planCode' | 'planName' | 'plan' | 'previousPlans'>;

export interface ReadPlans {
  readonly plans: PlansInForce;
  /** The meters that the plan at the end names, those that could not be read too. */
  readonly meterNames: ReadonlySet<string>;
}

interface ReadPlan {
  readonly code: string;
  readonly name: string;
  readonly plan: PlanPricing;
  readonly request: PlanPricingRequest;
}

/**
 * Reads the plans that were in force in the period; one that ended before it, or began behind it, has no part in it.
 * Null after a mistake without which nothing else can be read was noted.
 */
export function readPlans(
  request: DeploymentRequest,
  pointer: string,
  frame: BillFrame,
  mistakes: Mistakes,
): ReadPlans | null {
  const previous = (request.previousPlans ?? []).map((one, index) => {
    const read = readPlan(one, at(pointer, 'previousPlans', index), frame, mistakes);
    return read && { ...read, until: one.until };
  });
  const last = readPlan(request, pointer, frame, mistakes);
  const untils = (request.previousPlans ?? []).map(({ until }) => until);
  const isRising = refuseDisorder(untils, at(pointer, 'previousPlans'), mistakes);
  const read = previous.filter((one) => one !== null);
  return last === null || read.length < previous.length || !isRising ? null : inForce(read, last, frame.period);
}

function inForce(previous: readonly (ReadPlan & { until: Date })[], last: ReadPlan, { from, to }: Period): ReadPlans {
  const within = previous.filter(({ until }) => until > from);
  const atEnd = within.findIndex(({ until }) => until >= to);
  const { code, name, plan, request } = within[atEnd] ?? last;
  const before = (atEnd < 0 ? within : within.slice(0, atEnd)).map((one): PreviousPlan => ({
    code: one.code,
    name: one.name,
    plan: one.plan,
    until: one.until,
  }));
  return {
    plans: { planCode: code, planName: name, plan, ...(before.length > 0 && { previousPlans: before }) },
    meterNames: new Set(request.meters?.map(({ meter }) => meter)),
  };
}

function readPlan(
  { plan: { code, name = code }, planVersion }: Pick<DeploymentRequest, 'plan' | 'planVersion'>,
  pointer: string,
  { currency }: BillFrame,
  mistakes: Mistakes,
): ReadPlan | null {
  const here = at(pointer, 'planVersion');
  const plan = readKnownPlan(planVersion, here, mistakes);
  if (plan === null) return null;
  refuseOtherCurrency(plan.currency, currency, at(here, 'currency'), mistakes);
  return { code, name, plan, request: planVersion };
}

function refuseDisorder(untils: readonly Date[], pointer: string, mistakes: Mistakes): boolean {
  // Written so that an instant that is none is refused too.
  const disorder = untils.findIndex((until, index) => !(until.getTime() > (untils[index - 1]?.getTime() ?? -Infinity)));
  if (disorder < 0) return true;
  const detail = 'Each plan ends later than the one before it';
  mistakes.note(at(pointer, disorder, 'until'), PricingErrors.PLANS_INVALID({ detail }));
  return false;
}
