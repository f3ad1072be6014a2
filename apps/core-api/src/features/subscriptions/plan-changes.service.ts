import { Inject, Injectable } from '@nestjs/common';
import { RefusalError, type Clock } from '@biplane/kernel';
import { CLOCK, UnitOfWork, type Tx } from '@biplane/service-kit';
import { Audit, type Actor } from '../audit/index.js';
import { PlansService } from '../catalog/index.js';
import { BilledMonths } from './billed-months.js';
import { DeploymentsService, EntitlementChanges } from '../deployments/index.js';
import { dueRenewal } from './domain/billing-period.js';
import {
  changeInstants,
  directionOf,
  modesTo,
  planAt,
  type ChangeMode,
  type PlanAssignment,
} from './domain/plan-change.js';
import type { Subscription } from './subscription.js';
import { SubscriptionEvents } from './subscription-events.js';
import { SubscriptionErrors } from './subscriptions.errors.js';
import { SubscriptionsStore } from './subscriptions.store.js';

export interface PlanChangeRequest {
  readonly planCode: string;
  readonly version?: number | undefined;
  readonly mode: ChangeMode;
  readonly reason: string;
}

/** Locked to the end of the transaction, with the instant at which it is changed. */
export interface HeldSubscription {
  readonly subscription: Subscription;
  readonly now: Date;
}

/** Where a change leads: whose plan it is from when on, and which way that is. */
export interface DecidedChange extends PlanAssignment {
  readonly direction: 'upgrade' | 'downgrade' | 'lateral';
}

/** Another plan for a subscription: at once, or with the next period, in what it grants and in what it costs. */
@Injectable()
export class PlanChanges {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: SubscriptionsStore,
    private readonly plans: PlansService,
    private readonly months: BilledMonths,
    private readonly deployments: DeploymentsService,
    private readonly changes: EntitlementChanges,
    private readonly events: SubscriptionEvents,
    private readonly audit: Audit,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  change(id: string, request: PlanChangeRequest, actor: Actor): Promise<Subscription> {
    return this.unitOfWork.run(async (tx) => {
      await this.decide(tx, await this.hold(tx, id), request, actor);
      return (await this.store.find(tx, id))!;
    });
  }

  /** Appends the assignment; what it changes now is carried out, and the license signed, in the same transaction. */
  async decide(tx: Tx, held: HeldSubscription, request: PlanChangeRequest, actor: Actor): Promise<DecidedChange> {
    const { subscription, now } = held;
    const { id } = subscription;
    const { mode, reason } = request;
    const { direction, ...assignment } = await this.append(tx, held, request, actor);
    await this.audit.record(tx, {
      actor,
      action: 'subscription.plan_change_decided',
      object: { type: 'subscription', id },
      tenantId: subscription.tenantId,
      before: { code: subscription.planCode, version: subscription.planVersion },
      after: { ...assignment, mode },
      reason,
    });
    const decided = (await this.store.find(tx, id))!;
    if (await this.carryOut(tx, decided, now)) {
      await this.changes.changed(tx, { deploymentId: subscription.deploymentId, cause: 'plan', at: now });
    }
    return { ...assignment, direction };
  }

  /** The assignment alone: all that a bill is computed from. */
  async append(
    tx: Tx,
    { subscription, now }: HeldSubscription,
    request: PlanChangeRequest,
    actor: Actor,
  ): Promise<DecidedChange> {
    const { direction, ...assignment } = await this.assign(tx, subscription, request, now);
    await this.store.addPlan(tx, subscription.id, { ...assignment, reason: request.reason, actor: actor.id, at: now });
    return { ...assignment, direction };
  }

  /** Makes the plan that grants by now the present one, and tells of it; false when it is already. */
  async carryOut(tx: Tx, subscription: Subscription, now: Date): Promise<boolean> {
    const due = planAt(subscription.plans, 'entitledFrom', now);
    const { planCode, planVersion } = subscription;
    if (due.planCode === planCode && due.planVersion === planVersion) return false;
    const previous = await this.plans.publishedVersion(tx, planCode, planVersion);
    const next = await this.plans.publishedVersion(tx, due.planCode, due.planVersion);
    await this.store.setPlan(tx, subscription.id, due);
    const changed = { ...subscription, planCode: due.planCode, planVersion: due.planVersion };
    await this.events.emit(tx, 'subscription.tenant.changed', changed, now, {
      previous: { code: planCode, version: planVersion },
      direction: directionOf(previous.plan, next.plan),
      effectiveAt: due.entitledFrom.toISOString(),
    });
    return true;
  }

  private async assign(
    tx: Tx,
    subscription: Subscription,
    { planCode, version, mode }: PlanChangeRequest,
    now: Date,
  ): Promise<DecidedChange> {
    const present = await this.plans.publishedVersion(tx, subscription.planCode, subscription.planVersion);
    const next = await this.plans.publishedVersion(tx, planCode, version);
    if (next.content.currency !== present.content.currency) {
      const detail = `Plan "${planCode}" is in ${next.content.currency}, the subscription in ${present.content.currency}`;
      throw new RefusalError(SubscriptionErrors.CURRENCY_MISMATCH({ detail }));
    }
    if (next.content.dedicatedCompute) await this.refuseShared(tx, subscription.deploymentId, planCode);
    const latest = subscription.plans.at(-1);
    if (latest?.planCode === next.planCode && latest.planVersion === next.version) {
      const detail = `Version ${next.version} of "${planCode}" is what it has, or will have`;
      throw new RefusalError(SubscriptionErrors.PLAN_UNCHANGED({ detail }));
    }
    const priced = planAt(subscription.plans, 'pricedFrom', now);
    const charged = await this.plans.publishedVersion(tx, priced.planCode, priced.planVersion);
    const allowed = modesTo(next.plan, [present.plan, charged.plan]);
    if (!allowed.includes(mode)) {
      const detail = `The rank of "${planCode}" is not above that of what it has: "${mode}" leads upwards alone`;
      throw new RefusalError(SubscriptionErrors.MODE_UNSUPPORTED({ detail, members: { allowed } }));
    }
    // The renewal may be due and not done yet: then the next period begins where the one that holds now ends.
    const { period, timeZone } = subscription;
    const periodEndsAt = (dueRenewal(period, timeZone, now) ?? period).to;
    const direction = directionOf(present.plan, next.plan);
    const { endsAt } = await this.months.of(tx, subscription, now);
    const instants = changeInstants(mode, now, periodEndsAt, endsAt);
    return { planCode: next.planCode, planVersion: next.version, ...instants, direction };
  }

  /** What a plan includes is there before it is sold: a pool is no container. */
  private async refuseShared(tx: Tx, deploymentId: string, planCode: string): Promise<void> {
    const { type } = await this.deployments.required(tx, deploymentId);
    if (type !== 'shared') return;
    const detail = `Plan "${planCode}" includes dedicated compute, and deployment ${deploymentId} is in a shared pool`;
    throw new RefusalError(SubscriptionErrors.PLAN_NEEDS_CONTAINER({ detail }));
  }

  /** In the order of the locks that transitions take: first the deployment. */
  async hold(tx: Tx, id: string): Promise<HeldSubscription> {
    const found = await this.store.find(tx, id);
    if (!found) throw new RefusalError(SubscriptionErrors.NOT_FOUND({ detail: `There is no subscription ${id}` }));
    await this.deployments.lock(tx, found.deploymentId);
    await this.store.lock(tx, id);
    const now = this.clock.now();
    const subscription = (await this.store.find(tx, id))!;
    const { state } = await this.deployments.required(tx, subscription.deploymentId);
    const hasEnded = subscription.endedAt !== null && subscription.endedAt <= now;
    if (hasEnded || state === 'cancelled' || state === 'archived') {
      throw new RefusalError(SubscriptionErrors.ENDED({ detail: `Subscription ${id} is ${state} or past its end` }));
    }
    return { subscription, now };
  }
}
