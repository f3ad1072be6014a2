/** Of a deployment. */
export type State = 'trial' | 'active' | 'past_due' | 'paused' | 'suspended' | 'cancelled' | 'archived';

const STOPPED: readonly State[] = ['suspended', 'paused'];

export function isStopped(state: State): boolean {
  return STOPPED.includes(state);
}
