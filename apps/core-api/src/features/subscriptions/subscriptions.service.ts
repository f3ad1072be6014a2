import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type { OpenPeriod, Period } from '@biplane/billing-calendar';
import { parseDecimal, RefusalError, type Clock } from '@biplane/kernel';
import { CLOCK, IDS, type Ids, type Tx } from '@biplane/service-kit';
import {
  CatalogService,
  PlansService,
  type PlanVersionContent,
  type PlanVersionRow,
  type PlanHead,
} from '../catalog/index.js';
import {
  DeploymentDetails,
  DeploymentsService,
  EntitlementChanges,
  subscriptionStatusOf,
  type EntitlementChange,
  type Deployment,
  type DeploymentType,
} from '../deployments/index.js';
import type { Actor } from '../audit/index.js';
import { billingPeriodAt, dueRenewal } from './domain/billing-period.js';
import { planPricedIn } from './domain/plan-change.js';
import { changeTerm, type TermChange } from './domain/term.js';
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

/** A subscription as a bill needs it. */
export interface BillableSubscription {
  readonly subscription: Subscription;
  readonly deployment: Deployment;
  readonly plan: {
    readonly code: string;
    readonly name: string;
    readonly version: number;
    readonly content: PlanVersionContent;
  };
  readonly addons: readonly AttachedAddon[];
  /** When it is charged for; not cut to the period. */
  readonly active: readonly OpenPeriod[];
  readonly suspended: readonly OpenPeriod[];
  readonly firstReadyAt: Date | null;
}

@Injectable()
export class SubscriptionsService implements OnModuleInit {
  constructor(
    private readonly store: SubscriptionsStore,
    private readonly catalog: CatalogService,
    private readonly plans: PlansService,
    private readonly deployments: DeploymentsService,
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
      if (change.to === 'cancelled') await this.cancel(tx, change);
      await this.events.tellTransition(tx, await this.required(tx, change.deploymentId), change);
    });
  }

  /** Snapshots the add-ons; refuses another currency than the tenant's. */
  async start(tx: Tx, input: StartSubscription): Promise<Subscription> {
    const { plan, now } = input;
    refuseOtherCurrency(`plan "${plan.planCode}"`, plan.content.currency, input.currency);
    const addons: AttachedAddon[] = [];
    for (const wanted of input.addons) addons.push(await this.snapshot(tx, wanted, input));
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
    if (!subscription) throw new Error(`Deployment ${deploymentId} has no subscription`);
    return subscription;
  }

  /** In which zone the periods of each deployment are cut; an unknown one is absent. */
  timeZones(tx: Tx, deploymentIds: readonly string[]): Promise<Map<string, string>> {
    return this.store.timeZones(tx, deploymentIds);
  }

  /** All that was subscribed to at any time of the period, with what a bill is computed from. */
  async subscriptionsOfTenant(tx: Tx, tenantId: string, period: Period): Promise<BillableSubscription[]> {
    const subscriptions = await this.store.ofTenant(tx, tenantId, period);
    const deployments = await this.deployments.findMany(
      tx,
      subscriptions.map((subscription) => subscription.deploymentId),
    );
    const billable: BillableSubscription[] = [];
    for (const subscription of subscriptions) {
      const deployment = deployments.get(subscription.deploymentId)!;
      const priced = planPricedIn(subscription.plans, period);
      const plan = await this.plans.publishedVersion(tx, priced.planCode, priced.planVersion);
      const { startedAt, endedAt } = subscription;
      const activity = await this.deployments.activity(tx, deployment, { startedAt, endedAt });
      billable.push({
        subscription,
        deployment,
        plan: { code: plan.planCode, name: plan.plan.name, version: plan.version, content: plan.content },
        addons: subscription.addons,
        ...activity,
        firstReadyAt: deployment.firstReadyAt,
      });
    }
    return billable;
  }

  /** It works to the end of what is paid for: the period that was begun, its renewal due or done. Before its start nothing is. */
  private async cancel(tx: Tx, change: EntitlementChange): Promise<void> {
    const { period, timeZone, startedAt } = await this.required(tx, change.deploymentId);
    const paidUntil = (dueRenewal(period, timeZone, change.at) ?? period).to;
    await this.store.setEnd(tx, change.deploymentId, change.at < startedAt ? change.at : paidUntil);
  }

  private async snapshot(
    tx: Tx,
    wanted: { code: string; quantity: string },
    input: StartSubscription,
  ): Promise<AttachedAddon> {
    const units = parseDecimal(wanted.quantity);
    if (!units.ok || units.value.coefficient <= 0n) {
      throw new RefusalError(
        SubscriptionErrors.QUANTITY_INVALID({ detail: `The quantity of "${wanted.code}" is not above zero` }),
      );
    }
    const addon = await this.catalog.requiredAddon(tx, wanted.code);
    refuseOtherCurrency(`add-on "${addon.code}"`, addon.currency, input.currency);
    return {
      id: this.ids.uuid(),
      code: addon.code,
      name: addon.name,
      resourceKind: addon.resourceKind,
      priceKind: addon.price.kind,
      priceMinor: addon.priceMinor,
      currency: addon.currency,
      units: wanted.quantity,
      grants: addon.grants,
      attachedAt: input.now,
      detachedAt: null,
    };
  }
}

function refuseOtherCurrency(what: string, currency: string, tenants: string): void {
  if (currency === tenants) return;
  const detail = `The ${what} is in ${currency}, the tenant is billed in ${tenants}`;
  throw new RefusalError(SubscriptionErrors.CURRENCY_MISMATCH({ detail }));
}
