import { transitionsOf, type DeploymentState } from './deployment-state.js';

/** Who keeps a deployment suspended. Each lifts its own alone. */
export const SUSPENSION_CAUSES = ['operator', 'tenant', 'dunning'] as const;
export type SuspensionCause = (typeof SUSPENSION_CAUSES)[number];

export interface OpenSuspension {
  readonly cause: SuspensionCause;
  /** The state before the first cause. */
  readonly fromState: DeploymentState;
}

/** Whether a cause can hold a deployment: it can be suspended, or is so already. */
export function maySuspend(deployment: { state: DeploymentState; phase: string }): boolean {
  return deployment.state === 'suspended' || transitionsOf(deployment).includes('suspended');
}

/**
 * The states that follow, in order, when a cause is lifted; none while another holds. Everything goes by way of `active`, since
 * the map of states knows no other way: what was paused or past due is so again, a trial that was cut short is over.
 */
export function resumePath(open: readonly OpenSuspension[], lifted: SuspensionCause): readonly DeploymentState[] {
  const rest = open.filter(({ cause }) => cause !== lifted);
  const [first] = open;
  if (rest.length > 0 || !first || rest.length === open.length) return [];
  return first.fromState === 'paused' || first.fromState === 'past_due' ? ['active', first.fromState] : ['active'];
}
