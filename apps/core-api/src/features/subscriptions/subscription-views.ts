import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '@biplane/kernel';
import { CLOCK, type Tx } from '@biplane/service-kit';
import { DeploymentsService, subscriptionStatusOf, type SubscriptionDto } from '../deployments/index.js';
import type { Subscription } from './subscription.js';
import { subscriptionJson } from './subscriptions.json.js';

/** Subscriptions as they are answered: with the status that follows from their deployment's state and their end. */
@Injectable()
export class SubscriptionViews {
  constructor(
    private readonly deployments: DeploymentsService,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async one(tx: Tx, subscription: Subscription): Promise<SubscriptionDto> {
    return (await this.many(tx, [subscription]))[0]!;
  }

  async many(tx: Tx, subscriptions: readonly Subscription[]): Promise<SubscriptionDto[]> {
    const ids = subscriptions.map(({ deploymentId }) => deploymentId);
    const deployments = await this.deployments.findMany(tx, ids);
    const now = this.clock.now();
    return subscriptions.map((subscription) => {
      const ended = subscription.endedAt !== null && subscription.endedAt <= now;
      return subscriptionJson(
        subscription,
        subscriptionStatusOf(deployments.get(subscription.deploymentId)!.state, ended),
      );
    });
  }
}
