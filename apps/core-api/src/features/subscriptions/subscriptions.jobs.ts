import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { JobRunner, UnitOfWork, type Tx } from '@biplane/service-kit';
import { Audit, jobActor } from '../audit/index.js';
import { DeploymentsService, EntitlementChanges } from '../deployments/index.js';
import { dueRenewal } from './domain/billing-period.js';
import { PlanChanges } from './plan-changes.service.js';
import { SubscriptionEvents } from './subscription-events.js';
import type { Subscription } from './subscription.js';
import { SubscriptionsStore, type Due, type DueSubscription } from './subscriptions.store.js';
import { Trials } from './trials.service.js';

const PAGE = 200;

type Work = (tx: Tx, subscription: Subscription, now: Date) => Promise<void>;

/** What time alone does to a subscription. Each run compares stored instants with the Clock. */
@Injectable()
export class SubscriptionsJobs implements OnModuleInit {
  private readonly logger = new Logger('SubscriptionsJobs');

  constructor(
    private readonly jobs: JobRunner,
    private readonly unitOfWork: UnitOfWork,
    private readonly store: SubscriptionsStore,
    private readonly deployments: DeploymentsService,
    private readonly changes: EntitlementChanges,
    private readonly audit: Audit,
    private readonly events: SubscriptionEvents,
    private readonly planChanges: PlanChanges,
    private readonly trials: Trials,
  ) {}

  onModuleInit(): void {
    this.register('subscription-trials', 'trialEnd', (tx, subscription, now) => this.trials.end(tx, subscription, now));
    this.register('subscription-renewals', 'renewal', (tx, subscription, now) => this.renew(tx, subscription, now));
    this.register('subscription-ends', 'expiry', (tx, subscription, now) => this.expire(tx, subscription, now));
  }

  /** Moves a period that is over to the one that holds now, and has the next license signed with it. */
  private async renew(tx: Tx, subscription: Subscription, now: Date): Promise<void> {
    const period = dueRenewal(subscription.period, subscription.timeZone, now);
    if (!period) return;
    await this.store.setPeriod(tx, subscription.id, period);
    await this.audit.record(tx, {
      actor: jobActor('subscription-renewals'),
      action: 'subscription.renewed',
      object: { type: 'subscription', id: subscription.id },
      tenantId: subscription.tenantId,
      before: { period: subscription.period },
      after: { period },
    });
    await this.events.emit(tx, 'subscription.tenant.renewed', subscription, now, {
      period: { from: period.from.toISOString(), to: period.to.toISOString() },
    });
    const isChanged = await this.planChanges.carryOut(tx, subscription, now);
    const cause = isChanged ? 'plan' : 'renewal';
    await this.changes.changed(tx, { deploymentId: subscription.deploymentId, cause, at: now });
  }

  private async expire(tx: Tx, subscription: Subscription, now: Date): Promise<void> {
    await this.store.setExpired(tx, subscription.id, now);
    await this.audit.record(tx, {
      actor: jobActor('subscription-ends'),
      action: 'subscription.ended',
      object: { type: 'subscription', id: subscription.id },
      tenantId: subscription.tenantId,
      after: { endedAt: subscription.endedAt },
    });
    // Of a cancelled one the outside was told when it was cancelled; a fixed term ends by itself.
    const { state } = await this.deployments.required(tx, subscription.deploymentId);
    if (state !== 'cancelled' && state !== 'archived') {
      const endsAt = (subscription.endedAt ?? now).toISOString();
      const data = { endsAt, reason: 'its term has ended' };
      await this.events.emit(tx, 'subscription.tenant.cancelled', subscription, now, data);
    }
    await this.changes.changed(tx, { deploymentId: subscription.deploymentId, cause: 'ended', at: now });
  }

  private register(name: string, due: Due, work: Work): void {
    this.jobs.register({ name, everyMs: 1_000, run: (now) => this.carryOut(due, now, work) });
  }

  /** Each in its own transaction: one that cannot be carried out is logged, tried again, and stops no other. */
  private async carryOut(due: Due, now: Date, work: Work): Promise<void> {
    let afterId: string | null = null;
    for (;;) {
      const found: DueSubscription[] = await this.store.due(this.unitOfWork.reader, due, now, afterId, PAGE);
      for (const { id, deploymentId } of found) {
        try {
          await this.unitOfWork.run(async (tx) => {
            // In the order of the locks that transitions take: first the deployment.
            await this.deployments.lock(tx, deploymentId);
            const subscription = await this.store.lockDue(tx, due, now, id);
            if (subscription) await work(tx, subscription, now);
          });
        } catch (error) {
          this.logger.error({ err: error, subscriptionId: id }, `${due} could not be carried out`);
        }
      }
      if (found.length < PAGE) return;
      afterId = found.at(-1)?.id ?? null;
    }
  }
}
