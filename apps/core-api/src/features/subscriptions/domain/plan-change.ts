export const CHANGE_MODES = ['next_period', 'next_invoice'] as const;
export type ChangeMode = (typeof CHANGE_MODES)[number];

/** Which plan version grants what, and which is priced, from when on. */
export interface PlanAssignment {
  readonly planCode: string;
  readonly planVersion: number;
  readonly entitledFrom: Date;
  readonly pricedFrom: Date;
}

type Instant = 'entitledFrom' | 'pricedFrom';

/** The assignment in force at an instant: of those that have begun, the one decided last. The first one when none has. */
export function planAt(plans: readonly PlanAssignment[], instant: Instant, at: Date): PlanAssignment {
  const [first] = plans;
  if (!first) throw new Error('A subscription has a plan from its start on');
  return plans.findLast((plan) => plan[instant] <= at) ?? first;
}

/** Prices change with periods alone: the plan of a bill is the one priced last before its period ends. */
export function planPricedIn(plans: readonly PlanAssignment[], period: { readonly to: Date }): PlanAssignment {
  return planAt(plans, 'pricedFrom', new Date(period.to.getTime() - 1));
}

/** `next_invoice` grants at once and is priced from the next period on; `next_period` does both then. */
export function changeInstants(
  mode: ChangeMode,
  now: Date,
  periodEndsAt: Date,
): { entitledFrom: Date; pricedFrom: Date } {
  return { entitledFrom: mode === 'next_invoice' ? now : periodEndsAt, pricedFrom: periodEndsAt };
}

/** By rank, never by price. */
export function directionOf(from: { rank: number }, to: { rank: number }): 'upgrade' | 'downgrade' | 'lateral' {
  return to.rank > from.rank ? 'upgrade' : to.rank < from.rank ? 'downgrade' : 'lateral';
}
