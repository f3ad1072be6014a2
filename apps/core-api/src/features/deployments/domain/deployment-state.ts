/** The deployment's state is the master; the license's and the subscription's status follow from it. */
export const DEPLOYMENT_STATES = [
  'trial',
  'active',
  'past_due',
  'paused',
  'suspended',
  'cancelled',
  'archived',
] as const;
export type DeploymentState = (typeof DEPLOYMENT_STATES)[number];

const TRANSITIONS: Readonly<Record<DeploymentState, readonly DeploymentState[]>> = {
  trial: ['active', 'suspended', 'cancelled'],
  active: ['past_due', 'paused', 'suspended', 'cancelled'],
  past_due: ['active', 'suspended', 'cancelled'],
  paused: ['active', 'suspended', 'cancelled'],
  suspended: ['active', 'cancelled'],
  cancelled: ['archived'],
  archived: [],
};

export function allowedTransitions(from: DeploymentState): readonly DeploymentState[] {
  return TRANSITIONS[from];
}

/** One that waits for its plan is in a trial that has not begun: it can only be given up. */
export function transitionsOf({ state, phase }: { state: DeploymentState; phase: string }): readonly DeploymentState[] {
  const allowed = allowedTransitions(state);
  return phase === 'recorded' ? allowed.filter((to) => to === 'cancelled' || to === 'archived') : allowed;
}

export function initialState(trialDays: number): DeploymentState {
  return trialDays > 0 ? 'trial' : 'active';
}

/** A cancelled deployment works until its period ends; only then is its license revoked. */
export function licenseStatusOf(state: DeploymentState, ended: boolean): 'active' | 'suspended' | 'revoked' {
  if (state === 'archived' || (state === 'cancelled' && ended)) return 'revoked';
  return state === 'paused' || state === 'suspended' ? 'suspended' : 'active';
}

export type SubscriptionStatus = 'trialing' | 'active' | 'paused' | 'cancelled' | 'expired';

export function subscriptionStatusOf(state: DeploymentState, ended: boolean): SubscriptionStatus {
  if (ended || state === 'archived') return 'expired';
  if (state === 'cancelled') return 'cancelled';
  if (state === 'paused' || state === 'suspended') return 'paused';
  return state === 'trial' ? 'trialing' : 'active';
}
