import { Injectable } from '@nestjs/common';
import type { Tx } from '@biplane/service-kit';
import type { DeploymentState } from './domain/deployment-state.js';

/** When a cancellation takes hold. */
export const CANCELLATION_ENDS = ['now', 'period_end'] as const;
export type CancellationEnd = (typeof CANCELLATION_ENDS)[number];

export interface EntitlementChange {
  readonly deploymentId: string;
  /** Stands on the license version that follows: `transition`, `renewal`, `plan`, … */
  readonly cause: string;
  /** Of a transition: from where, where to, and why. */
  readonly from?: DeploymentState;
  readonly to?: DeploymentState;
  readonly reason?: string;
  /** Of a cancellation; the period's end when it is left out. */
  readonly endsAt?: CancellationEnd;
  readonly at: Date;
}

type Handler = (tx: Tx, change: EntitlementChange) => Promise<void>;

/**
 * Whoever changes what a deployment may use says so here, in the transaction of the change; the license feature listens
 * and signs the next version in that same transaction. Subscriptions listen before it: a cancellation sets their end.
 */
@Injectable()
export class EntitlementChanges {
  private readonly handlers: { readonly order: number; readonly handler: Handler }[] = [];

  /** Lower orders run first: 10 for inputs of a license, 20 for the license. */
  onChange(order: 10 | 20, handler: Handler): void {
    this.handlers.push({ order, handler });
    this.handlers.sort((a, b) => a.order - b.order);
  }

  async changed(tx: Tx, change: EntitlementChange): Promise<void> {
    for (const { handler } of this.handlers) await handler(tx, change);
  }
}
