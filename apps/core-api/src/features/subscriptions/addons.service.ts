import { Inject, Injectable } from '@nestjs/common';
import { RefusalError, type Clock } from '@biplane/kernel';
import { CLOCK, type Tx } from '@biplane/service-kit';
import { Audit, type Actor } from '../audit/index.js';
import { PlansService } from '../catalog/index.js';
import { DeploymentsService, EntitlementChanges } from '../deployments/index.js';
import { AddonSnapshots, type WantedAddon } from './addon-snapshots.js';
import { attachedNow, nextInstant } from './domain/addon-history.js';
import type { AttachedAddon, Subscription } from './subscription.js';
import { SubscriptionEvents } from './subscription-events.js';
import { SubscriptionErrors } from './subscriptions.errors.js';
import { SubscriptionsStore } from './subscriptions.store.js';

/** As many as a tenant may be created with. */
export const ADDONS_MAX = 50;

/**
 * Add-ons that come and go with time. Nothing of the past is rewritten: another quantity is the end of one attachment and
 * the beginning of the next; the license that grants it follows in the same transaction.
 */
@Injectable()
export class Addons {
  constructor(
    private readonly store: SubscriptionsStore,
    private readonly snapshots: AddonSnapshots,
    private readonly plans: PlansService,
    private readonly deployments: DeploymentsService,
    private readonly changes: EntitlementChanges,
    private readonly events: SubscriptionEvents,
    private readonly audit: Audit,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async attach(tx: Tx, deploymentId: string, wanted: WantedAddon, actor: Actor): Promise<Subscription> {
    const { subscription, now } = await this.held(tx, deploymentId);
    if (attachedNow(subscription.addons, wanted.code)) {
      const detail = `"${wanted.code}" is attached; PUT changes its quantity`;
      throw new RefusalError(SubscriptionErrors.ADDON_ATTACHED({ detail }));
    }
    if (subscription.addons.filter(({ detachedAt }) => detachedAt === null).length >= ADDONS_MAX) {
      throw new RefusalError(SubscriptionErrors.ADDONS_TOO_MANY({ detail: `At most ${ADDONS_MAX} may be attached` }));
    }
    const plan = await this.plans.publishedVersion(tx, subscription.planCode, subscription.planVersion);
    const attachedAt = nextInstant(subscription.addons, wanted.code, now);
    const addon = await this.snapshots.take(tx, wanted, { currency: plan.content.currency, attachedAt });
    await this.store.addAddon(tx, subscription.id, addon);
    return this.tell(tx, { subscription, now, actor, action: 'addon.attached', before: null, after: addon });
  }

  /** What was sold stays what was sold: another quantity of the same snapshot. The same quantity says nothing new. */
  async setQuantity(tx: Tx, deploymentId: string, wanted: WantedAddon, actor: Actor): Promise<Subscription> {
    const { subscription, now } = await this.held(tx, deploymentId);
    const before = this.required(subscription, wanted.code);
    const at = nextInstant(subscription.addons, wanted.code, now);
    const after = this.snapshots.again(before, wanted.quantity, at);
    if (before.units === after.units) return subscription;
    await this.store.detachAddon(tx, before.id, at);
    await this.store.addAddon(tx, subscription.id, after);
    return this.tell(tx, { subscription, now, actor, action: 'addon.quantity_set', before, after });
  }

  async detach(tx: Tx, deploymentId: string, code: string, actor: Actor): Promise<Subscription> {
    const { subscription, now } = await this.held(tx, deploymentId);
    const before = this.required(subscription, code);
    const detachedAt = nextInstant(subscription.addons, code, now);
    await this.store.detachAddon(tx, before.id, detachedAt);
    const after = { ...before, detachedAt };
    return this.tell(tx, { subscription, now, actor, action: 'addon.detached', before, after });
  }

  private required(subscription: Subscription, code: string): AttachedAddon {
    const attached = attachedNow(subscription.addons, code);
    if (attached) return attached;
    const detail = `No add-on "${code.slice(0, 64)}" is attached`;
    throw new RefusalError(SubscriptionErrors.ADDON_NOT_ATTACHED({ detail }));
  }

  /** Under the lock that transitions take, so that two changes follow each other. */
  private async held(tx: Tx, deploymentId: string): Promise<{ subscription: Subscription; now: Date }> {
    await this.deployments.lock(tx, deploymentId);
    const { state } = await this.deployments.required(tx, deploymentId);
    const subscription = await this.store.ofDeployment(tx, deploymentId);
    if (!subscription) {
      throw new RefusalError(SubscriptionErrors.NONE({ detail: `Deployment ${deploymentId} has no subscription` }));
    }
    const now = this.clock.now();
    const hasEnded = subscription.endedAt !== null && subscription.endedAt <= now;
    if (hasEnded || state === 'cancelled' || state === 'archived') {
      throw new RefusalError(SubscriptionErrors.ENDED({ detail: `The deployment is ${state} or past its end` }));
    }
    return { subscription, now };
  }

  private async tell(
    tx: Tx,
    of: {
      readonly subscription: Subscription;
      readonly now: Date;
      readonly actor: Actor;
      readonly action: string;
      readonly before: AttachedAddon | null;
      readonly after: AttachedAddon;
    },
  ): Promise<Subscription> {
    const { subscription, now, actor, action, before, after } = of;
    const { deploymentId, planCode, planVersion } = subscription;
    await this.audit.record(tx, {
      actor,
      action,
      object: { type: 'subscription', id: subscription.id },
      tenantId: subscription.tenantId,
      before: before && audited(before),
      after: audited(after),
    });
    await this.events.emit(tx, 'subscription.tenant.changed', subscription, now, {
      previous: { code: planCode, version: planVersion },
      direction: 'lateral',
      effectiveAt: (after.detachedAt ?? after.attachedAt).toISOString(),
    });
    await this.changes.changed(tx, { deploymentId, cause: 'addon', at: now });
    return (await this.store.find(tx, subscription.id))!;
  }
}

function audited({ code, units, priceMinor, currency, attachedAt, detachedAt }: AttachedAddon) {
  return { code, units, priceMinor: priceMinor.toString(), currency, attachedAt, detachedAt };
}
