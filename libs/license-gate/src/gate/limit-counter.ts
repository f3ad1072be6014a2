import type { Decision } from '@biplane/licensing';

export interface LimitQuestion {
  readonly deploymentId: string;
  readonly action: string;
  readonly meter: string;
  /** Decimal string, not negative. */
  readonly quantity: string;
}

/** Who counts: the home of the deployment. Rejects when no answer can be had; the gate waits 250 ms for it. */
export interface LimitCounter {
  ask(question: LimitQuestion, signal: AbortSignal): Promise<Decision>;
}
