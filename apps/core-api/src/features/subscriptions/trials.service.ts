import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Tx } from '@biplane/service-kit';
import { jobActor } from '../audit/index.js';
import { DeploymentLifecycle, DeploymentsService } from '../deployments/index.js';
import type { Subscription } from './subscription.js';
import { SubscriptionsStore } from './subscriptions.store.js';

/** From trial to paid. By job; and before anything else is done to a deployment whose trial is over but not yet ended. */
@Injectable()
export class Trials implements OnModuleInit {
  constructor(
    private readonly store: SubscriptionsStore,
    private readonly deployments: DeploymentsService,
    private readonly lifecycle: DeploymentLifecycle,
  ) {}

  onModuleInit(): void {
    this.lifecycle.onDue(async (tx, { id, state }, now) => {
      if (state !== 'trial') return;
      const subscription = await this.store.ofDeployment(tx, id);
      if (subscription?.trialEndsAt && subscription.trialEndsAt <= now) await this.end(tx, subscription, now);
    });
  }

  /** A trial that is over becomes active at the instant at which it ended, not at the one at which we saw it. */
  async end(tx: Tx, subscription: Subscription, now: Date): Promise<void> {
    const { deploymentId } = subscription;
    // Held, so that one that is being suspended right now is not made active by the end of its trial.
    await this.deployments.lock(tx, deploymentId);
    await this.store.setTrialEnded(tx, subscription.id, now);
    const { state } = await this.deployments.required(tx, deploymentId);
    if (state !== 'trial') return;
    await this.lifecycle.transition(tx, {
      deploymentId,
      to: 'active',
      cause: 'trial',
      actor: jobActor('subscription-trials'),
      reason: 'the trial is over',
      at: subscription.trialEndsAt ?? now,
    });
  }
}
