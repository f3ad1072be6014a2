import { Inject, Injectable } from '@nestjs/common';
import { RefusalError, type Clock } from '@biplane/kernel';
import { CLOCK, UnitOfWork } from '@biplane/service-kit';
import { Audit, type Actor } from '../audit/index.js';
import { DeploymentsService, EntitlementChanges } from '../deployments/index.js';
import { billingPeriodAt } from './domain/billing-period.js';
import { changeTerm, type TermChange } from './domain/term.js';
import type { Subscription } from './subscription.js';
import { SubscriptionErrors } from './subscriptions.errors.js';
import { SubscriptionsStore } from './subscriptions.store.js';

/** A start ahead of now, a fixed end, its notice and its grace; the license says so from its next version, in the same transaction. */
@Injectable()
export class Terms {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: SubscriptionsStore,
    private readonly deployments: DeploymentsService,
    private readonly changes: EntitlementChanges,
    private readonly audit: Audit,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  set(id: string, change: TermChange, reason: string | undefined, actor: Actor): Promise<Subscription> {
    return this.unitOfWork.run(async (tx) => {
      const found = await this.store.find(tx, id);
      if (!found) throw new RefusalError(SubscriptionErrors.NOT_FOUND({ detail: `There is no subscription ${id}` }));
      await this.deployments.lock(tx, found.deploymentId);
      await this.store.lock(tx, id);
      const now = this.clock.now();
      const before = (await this.store.find(tx, id))!;
      const { state } = await this.deployments.required(tx, before.deploymentId);
      if (state === 'cancelled' || state === 'archived') {
        throw new RefusalError(SubscriptionErrors.ENDED({ detail: `The deployment is ${state}` }));
      }
      const periodStart = billingPeriodAt(now, before.timeZone).from;
      const term = changeTerm(before, change, { now, periodStart });
      if (typeof term === 'string') throw new RefusalError(SubscriptionErrors.TERM_INVALID({ detail: term }));
      const movedMs = term.startedAt.getTime() - before.startedAt.getTime();
      await this.store.setTerm(tx, id, {
        ...term,
        // A trial is as long as it was promised, wherever it begins.
        trialEndsAt: before.trialEndsAt && new Date(before.trialEndsAt.getTime() + movedMs),
        period: movedMs === 0 ? before.period : billingPeriodAt(term.startedAt, before.timeZone),
      });
      const { startedAt, endedAt, noticeDays, graceDays } = before;
      await this.audit.record(tx, {
        actor,
        action: 'subscription.term_set',
        object: { type: 'subscription', id },
        tenantId: before.tenantId,
        before: { startedAt, endedAt, noticeDays, graceDays },
        after: term,
        ...(reason !== undefined && { reason }),
      });
      await this.changes.changed(tx, { deploymentId: before.deploymentId, cause: 'term', at: now });
      return (await this.store.find(tx, id))!;
    });
  }
}
