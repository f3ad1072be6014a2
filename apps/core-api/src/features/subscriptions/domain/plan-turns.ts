import type { Period } from '@biplane/billing-calendar';
import { planAt, type PlanAssignment } from './plan-change.js';

/** A plan version while it is priced. */
export interface PricedPlan {
  readonly planCode: string;
  readonly planVersion: number;
  /** The first instant of the period at which it is priced no longer; null when it is to the period's end. */
  readonly until: Date | null;
}

/** The plan versions that are priced in a period, in order; the last one is in force at its end and rates the usage. */
export function planTurns(plans: readonly PlanAssignment[], { from, to }: Period): PricedPlan[] {
  const cuts = plans.map(({ pricedFrom }) => pricedFrom.getTime()).filter((at) => +from < at && at < +to);
  const begins = [+from, ...new Set(cuts)].sort((a, b) => a - b);
  const turns: PricedPlan[] = [];
  begins.forEach((at, index) => {
    const { planCode, planVersion } = planAt(plans, 'pricedFrom', new Date(at));
    const next = begins[index + 1];
    const turn = { planCode, planVersion, until: next === undefined ? null : new Date(next) };
    const last = turns.at(-1);
    // A decision that was overtaken before it came into force changes nothing.
    if (last?.planCode === planCode && last.planVersion === planVersion) turns.pop();
    turns.push(turn);
  });
  return turns;
}
