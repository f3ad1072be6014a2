import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { RefusalError, type Clock } from '@biplane/kernel';
import { CLOCK, IDS, type Ids, type Tx } from '@biplane/service-kit';
import type { PlanHead, PlanVersionRow } from '../catalog/index.js';
import {
  DeploymentDetails,
  EntitlementChanges,
  subscriptionStatusOf,
  type EntitlementChange,
  type DeploymentType,
} from '../deployments/index.js';
import type { Actor } from '../audit/index.js';
import { BilledMonths } from './billed-months.js';
import { billingPeriodAt } from './domain/billing-period.js';
import { cancellationEnd } from './domain/cancellation.js';
import { changeTerm, type TermChange } from './domain/term.js';
import { AddonSnapshots, refuseOtherCurrency } from './addon-snapshots.js';
import { SubscriptionEvents } from './subscription-events.js';
import type { AttachedAddon, Subscription } from './subscription.js';
import { subscriptionJson } from './subscriptions.json.js';
import { SubscriptionErrors } from './subscriptions.errors.js';
import { SubscriptionsStore } from './subscriptions.store.js';

export interface StartSubscription {
  readonly tenantId: string;
  readonly deploymentId: string;
  readonly plan: PlanVersionRow & { readonly plan: PlanHead };
  readonly addons: readonly { readonly code: string; readonly quantity: string }[];
  /** Of the tenant. */
  readonly currency: string;
  readonly timeZone: string;
  readonly deploymentType: DeploymentType;
  readonly term: TermChange;
  readonly actor: Actor;
  readonly now: Date;
}

@Injectable()
export class SubscriptionsService implements OnModuleInit {
  constructor(
    private readonly store: SubscriptionsStore,
    private readonly snapshots: AddonSnapshots,
    private readonly months: BilledMonths,
    private readonly changes: EntitlementChanges,
    private readonly details: DeploymentDetails,
    private readonly events: SubscriptionEvents,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: Ids,
  ) {}

  onModuleInit(): void {
    this.details.contribute('subscription', async (tx, deployment) => {
      const subscription = await this.store.ofDeployment(tx, deployment.id);
      if (!subscription) return null;
      const ended = subscription.endedAt !== null && subscription.endedAt <= this.clock.now();
      return subscriptionJson(subscription, subscriptionStatusOf(deployment.state, ended));
    });
    this.changes.onChange(10, async (tx, change) => {
      // Nobody was told of one that was never subscribed, and it has no end.
      if (!(await this.store.ofDeployment(tx, change.deploymentId))) return;
      if (change.to === 'cancelled') await this.cancel(tx, change);
      await this.events.tellTransition(tx, await this.required(tx, change.deploymentId), change);
    });
  }

  /** Snapshots the add-ons; refuses another currency than the tenant's. */
  async start(tx: Tx, input: StartSubscription): Promise<Subscription> {
    const { plan, now } = input;
    refuseOtherCurrency(`plan "${plan.planCode}"`, plan.content.currency, input.currency);
    const addons: AttachedAddon[] = [];
    const { currency } = input;
    for (const wanted of input.addons) {
      addons.push(await this.snapshots.take(tx, wanted, { currency, attachedAt: now }));
    }
    if (new Set(addons.map((addon) => addon.code)).size < addons.length) {
      throw new RefusalError(SubscriptionErrors.ADDON_REPEATED({ detail: 'Each add-on may be named once' }));
    }
    const { trialDays } = plan.content;
    const started = { startedAt: now, endedAt: null, noticeDays: null, graceDays: null };
    const term = changeTerm(started, input.term, { now, periodStart: now });
    if (typeof term === 'string') throw new RefusalError(SubscriptionErrors.TERM_INVALID({ detail: term }));
    const { startedAt } = term;
    const { planCode, version: planVersion } = plan;
    const subscription: Subscription = {
      id: this.ids.uuid(),
      tenantId: input.tenantId,
      deploymentId: input.deploymentId,
      planCode,
      planVersion,
      timeZone: input.timeZone,
      ...term,
      trialEndsAt: trialDays > 0 ? new Date(startedAt.getTime() + trialDays * 86_400_000) : null,
      period: billingPeriodAt(startedAt, input.timeZone),
      plans: [{ planCode, planVersion, entitledFrom: now, pricedFrom: now }],
      addons,
    };
    await this.store.insert(tx, subscription, input.actor);
    await this.events.emit(tx, 'subscription.tenant.activated', subscription, now, {
      type: input.deploymentType,
      activatedAt: startedAt.toISOString(),
      trialEndsAt: subscription.trialEndsAt?.toISOString() ?? null,
      renewsAt: subscription.period.to.toISOString(),
    });
    return subscription;
  }

  async required(tx: Tx, deploymentId: string): Promise<Subscription> {
    const subscription = await this.store.ofDeployment(tx, deploymentId);
    if (subscription) return subscription;
    throw new RefusalError(SubscriptionErrors.NONE({ detail: `Deployment ${deploymentId} has no subscription` }));
  }

  /** Null while it was never subscribed. */
  find(tx: Tx, deploymentId: string): Promise<Subscription | null> {
    return this.store.ofDeployment(tx, deploymentId);
  }

  /** In which zone the periods of each deployment are cut; an unknown one is absent. */
  timeZones(tx: Tx, deploymentIds: readonly string[]): Promise<Map<string, string>> {
    return this.store.timeZones(tx, deploymentIds);
  }

  /** It works to the end of what was promised, or stops now. */
  private async cancel(tx: Tx, change: EntitlementChange): Promise<void> {
    const subscription = await this.required(tx, change.deploymentId);
    const { endsAt } = await this.months.of(tx, subscription, change.at);
    await this.store.setEnd(tx, change.deploymentId, cancellationEnd(subscription, change, endsAt));
  }
}
