import type { Decision } from '@biplane/licensing';

export interface LimitQuestion {
  readonly deploymentId: string;
  readonly action: string;
  readonly meter: string;
  /** Decimal string, not negative. */
  readonly quantity: string;
  /** Holds the quantity, when it is admitted, until it is confirmed, released or expires. */
  readonly reserve?: boolean;
  /** The same key gets the same decision, whatever happened to the first answer. */
  readonly idempotencyKey?: string;
}

export interface CountedDecision extends Decision {
  /** What is held under it is to be confirmed or released. Without one nothing is held: usage is recorded as always. */
  readonly reservationId?: string;
  readonly expiresAt?: string;
  /** Of a request that waits in the queue. */
  readonly ticketId?: string;
}

/** Who counts: the home of the deployment. Rejects when no answer can be had; the gate waits 250 ms for it. */
export interface LimitCounter {
  ask(question: LimitQuestion, signal: AbortSignal): Promise<CountedDecision>;
}
