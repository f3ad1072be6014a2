import { Injectable } from '@nestjs/common';
import type { PlatformEventType } from '@biplane/contracts';
import type { Tx } from '@biplane/service-kit';
import type { DeploymentState, EntitlementChange } from '../deployments/index.js';
import { PlatformEvents, type PlatformEvent } from '../events/index.js';
import type { Subscription } from './subscription.js';

type TenantEventType = Extract<PlatformEventType, `subscription.tenant.${string}`>;
type Told<T extends TenantEventType> = Omit<PlatformEvent<T>['data'], 'subscriptionId' | 'plan'>;

const STOPPED: readonly (DeploymentState | undefined)[] = ['paused', 'suspended'];

/** What the outside hears of a subscription. */
@Injectable()
export class SubscriptionEvents {
  constructor(private readonly events: PlatformEvents) {}

  async emit<T extends TenantEventType>(
    tx: Tx,
    type: T,
    subscription: Subscription,
    time: Date,
    data: Told<T>,
  ): Promise<void> {
    const { id, tenantId, deploymentId, planCode, planVersion } = subscription;
    const whole = { ...data, subscriptionId: id, plan: { code: planCode, version: planVersion } };
    // The members that are left out of `Told` are the two that stand here.
    const event = { type, tenantId, deploymentId, subject: deploymentId, time, data: whole } as unknown;
    await this.events.emit(tx, event as PlatformEvent<T>);
  }

  /** A deployment that stops and one that goes on; a cancellation says until when it still works. */
  async tellTransition(tx: Tx, subscription: Subscription, change: EntitlementChange): Promise<void> {
    const { from, to, at } = change;
    if (to === undefined) return;
    const reason = change.reason ?? '';
    if (to === 'cancelled') {
      const endsAt = (subscription.endedAt ?? at).toISOString();
      return this.emit(tx, 'subscription.tenant.cancelled', subscription, at, { endsAt, reason });
    }
    if (STOPPED.includes(to) && !STOPPED.includes(from)) {
      return this.emit(tx, 'subscription.tenant.suspended', subscription, at, { reason });
    }
    if (STOPPED.includes(from) && !STOPPED.includes(to) && to !== 'archived') {
      return this.emit(tx, 'subscription.tenant.resumed', subscription, at, { reason });
    }
  }
}
