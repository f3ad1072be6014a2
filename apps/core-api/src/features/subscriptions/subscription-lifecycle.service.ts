import { Inject, Injectable } from '@nestjs/common';
import { RefusalError, type Clock } from '@biplane/kernel';
import { CLOCK, UnitOfWork } from '@biplane/service-kit';
import type { Actor } from '../audit/index.js';
import { DeploymentLifecycle, type CancellationEnd, type DeploymentState } from '../deployments/index.js';
import type { Subscription } from './subscription.js';
import { SubscriptionErrors } from './subscriptions.errors.js';
import { SubscriptionsStore } from './subscriptions.store.js';

export interface Cancelled {
  readonly subscription: Subscription;
  /** During which it still works; null when it stopped at once. */
  readonly remaining: { readonly from: Date; readonly to: Date } | null;
}

/** What is done to a subscription is done to its deployment: the state there is the master, and the map is one. */
@Injectable()
export class SubscriptionLifecycle {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: SubscriptionsStore,
    private readonly lifecycle: DeploymentLifecycle,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  pause(id: string, reason: string, actor: Actor): Promise<Subscription> {
    return this.transition(id, 'paused', { reason, actor });
  }

  resume(id: string, reason: string, actor: Actor): Promise<Subscription> {
    return this.transition(id, 'active', { reason, actor });
  }

  /** At once, or at the end of what is paid for; of a trial that is its end. */
  async cancel(id: string, endsAt: CancellationEnd, reason: string, actor: Actor): Promise<Cancelled> {
    const subscription = await this.transition(id, 'cancelled', { reason, actor, endsAt });
    const [now, { endedAt }] = [this.clock.now(), subscription];
    return { subscription, remaining: endedAt !== null && now < endedAt ? { from: now, to: endedAt } : null };
  }

  private transition(
    id: string,
    to: DeploymentState,
    because: { reason: string; actor: Actor; endsAt?: CancellationEnd },
  ): Promise<Subscription> {
    return this.unitOfWork.run(async (tx) => {
      const found = await this.store.find(tx, id);
      if (!found) throw new RefusalError(SubscriptionErrors.NOT_FOUND({ detail: `There is no subscription ${id}` }));
      await this.lifecycle.transition(tx, { deploymentId: found.deploymentId, to, ...because });
      return (await this.store.find(tx, id))!;
    });
  }
}
