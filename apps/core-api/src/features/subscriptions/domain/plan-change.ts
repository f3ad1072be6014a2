export const CHANGE_MODES = ['now', 'next_invoice', 'next_period'] as const;
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

/**
 * `now` grants and is priced at once: its fees are those of the rest of the period. `next_invoice` grants at once and is
 * priced from the next period on; `next_period` does both then. A tenant whose zone has changed is billed by months of the
 * new one, which end at `monthEndsAt`: no month is rated under the plan of the next.
 */
export function changeInstants(
  mode: ChangeMode,
  now: Date,
  periodEndsAt: Date,
  monthEndsAt: Date = periodEndsAt,
): { entitledFrom: Date; pricedFrom: Date } {
  return {
    entitledFrom: mode === 'next_period' ? periodEndsAt : now,
    pricedFrom: mode === 'now' ? now : monthEndsAt,
  };
}

/** `now` leads only upwards, from the plan that grants and from the one that is priced: nothing that was sold is taken back inside a period. */
export function modesTo(next: { rank: number }, present: readonly { rank: number }[]): readonly ChangeMode[] {
  const isUpgrade = present.every(({ rank }) => next.rank > rank);
  return isUpgrade ? CHANGE_MODES : CHANGE_MODES.filter((mode) => mode !== 'now');
}

/** By rank, never by price. */
export function directionOf(from: { rank: number }, to: { rank: number }): 'upgrade' | 'downgrade' | 'lateral' {
  return to.rank > from.rank ? 'upgrade' : to.rank < from.rank ? 'downgrade' : 'lateral';
}
