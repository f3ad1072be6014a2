import { transitionsOf, type DeploymentState } from './deployment-state.js';
import { SUSPENSION_CAUSES } from './suspension.js';

/** Who asks for a transition: a person, the tenant's own suspension, an unpaid invoice, or the end of a trial. */
export const TRANSITION_CAUSES = [...SUSPENSION_CAUSES, 'trial'] as const;
export type TransitionCause = (typeof TRANSITION_CAUSES)[number];

/** What dunning takes away; what it gives back is never held. */
const ACTIONS: readonly DeploymentState[] = ['past_due', 'suspended'];

/**
 * What becomes of a transition that dunning asks for. An operator may have stopped it for this deployment; where the map knows
 * no way it has nothing to do; and one that is suspended already is held by it as well.
 */
export function dunningOutcome(
  present: { readonly state: DeploymentState; readonly phase: string; readonly billingActionSuspended: boolean },
  to: DeploymentState,
): 'done' | 'held' | 'joined' | 'inapplicable' {
  if (present.billingActionSuspended && ACTIONS.includes(to)) return 'held';
  if (to === 'suspended' && present.state === 'suspended') return 'joined';
  return transitionsOf(present).includes(to) ? 'done' : 'inapplicable';
}
