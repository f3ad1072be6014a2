import { Injectable, type OnModuleInit } from '@nestjs/common';
import { JobRunner, UnitOfWork, type Tx } from '@biplane/service-kit';
import { toCloudEvent, topics } from '@biplane/contracts';
import { Outbox } from '@biplane/messaging';
import { Audit, jobActor } from '../audit/index.js';
import { DeploymentsService, EntitlementChanges } from '../deployments/index.js';
import { dueRenewal } from './domain/billing-period.js';
import type { Subscription } from './subscription.js';
import { SubscriptionsStore } from './subscriptions.store.js';

/** Small, so that one transaction holds few rows and a stopped process loses little. */
const CHUNK = 50;
const CHUNKS_PER_RUN_MAX = 200;

/** What time alone does to a subscription. Each run compares stored instants with the Clock. */
@Injectable()
export class SubscriptionsJobs implements OnModuleInit {
  constructor(
    private readonly jobs: JobRunner,
    private readonly unitOfWork: UnitOfWork,
    private readonly store: SubscriptionsStore,
    private readonly deployments: DeploymentsService,
    private readonly changes: EntitlementChanges,
    private readonly audit: Audit,
    private readonly outbox: Outbox,
  ) {}

  onModuleInit(): void {
    this.jobs.register({
      name: 'subscription-trials',
      everyMs: 1_000,
      run: (now) => this.inChunks((tx) => this.endTrials(tx, now)),
    });
    this.jobs.register({
      name: 'subscription-renewals',
      everyMs: 1_000,
      run: (now) => this.inChunks((tx) => this.renew(tx, now)),
    });
    this.jobs.register({
      name: 'subscription-ends',
      everyMs: 1_000,
      run: (now) => this.inChunks((tx) => this.expire(tx, now)),
    });
  }

  /** Moves each period that is over to the one that holds now, and has the next license signed with it. */
  async renew(tx: Tx, now: Date): Promise<number> {
    const due = await this.store.lockDueRenewals(tx, now, CHUNK);
    for (const subscription of due) {
      const period = dueRenewal(subscription.period, subscription.timeZone, now);
      if (!period) continue;
      await this.store.setPeriod(tx, subscription.id, period);
      await this.audit.record(tx, {
        actor: jobActor('subscription-renewals'),
        action: 'subscription.renewed',
        object: { type: 'subscription', id: subscription.id },
        tenantId: subscription.tenantId,
        before: { period: subscription.period },
        after: { period },
      });
      await this.emit(tx, 'subscription.tenant.renewed', subscription, now, { period });
      await this.changes.changed(tx, { deploymentId: subscription.deploymentId, cause: 'renewal', at: now });
    }
    return due.length;
  }

  /** A trial that is over becomes active at the instant at which it ended, not at the one at which we saw it. */
  async endTrials(tx: Tx, now: Date): Promise<number> {
    const due = await this.store.lockDueTrials(tx, now, CHUNK);
    for (const subscription of due) {
      const endedAt = subscription.trialEndsAt ?? now;
      await this.store.setTrialEnded(tx, subscription.id, now);
      const deployment = await this.deployments.required(tx, subscription.deploymentId);
      if (deployment.state !== 'trial') continue;
      const because = { reason: 'the trial is over', actor: jobActor('subscription-trials'), at: endedAt };
      await this.deployments.transitionIn(tx, deployment.id, 'active', because);
    }
    return due.length;
  }

  async expire(tx: Tx, now: Date): Promise<number> {
    const due = await this.store.lockDueExpiries(tx, now, CHUNK);
    for (const subscription of due) {
      await this.store.setExpired(tx, subscription.id, now);
      await this.emit(tx, 'subscription.tenant.cancelled', subscription, now, { endedAt: subscription.endedAt });
      await this.changes.changed(tx, { deploymentId: subscription.deploymentId, cause: 'ended', at: now });
    }
    return due.length;
  }

  private async emit(
    tx: Tx,
    type: string,
    subscription: Subscription,
    now: Date,
    data: Record<string, unknown>,
  ): Promise<void> {
    const event = toCloudEvent({
      type,
      source: 'core-api',
      subject: subscription.deploymentId,
      time: now,
      id: `${type}:${subscription.id}:${now.getTime()}`,
      data: {
        tenantId: subscription.tenantId,
        deploymentId: subscription.deploymentId,
        subscriptionId: subscription.id,
        ...data,
      },
    });
    await this.outbox.add(tx, { topic: topics.events, key: subscription.tenantId, ...event });
  }

  private async inChunks(work: (tx: Tx) => Promise<number>): Promise<void> {
    for (let chunk = 0; chunk < CHUNKS_PER_RUN_MAX; chunk += 1) {
      if ((await this.unitOfWork.run(work)) < CHUNK) return;
    }
  }
}
