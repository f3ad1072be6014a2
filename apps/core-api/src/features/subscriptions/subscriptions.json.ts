import { money, moneyToJson, orThrow, parseCurrency } from '@biplane/kernel';
import type { SubscriptionDto, SubscriptionStatus } from '../deployments/index.js';
import type { Subscription } from './subscription.js';

export function subscriptionJson(subscription: Subscription, status: SubscriptionStatus): SubscriptionDto {
  return {
    id: subscription.id,
    plan: { code: subscription.planCode, version: subscription.planVersion },
    version: subscription.planVersion,
    status,
    startedAt: subscription.startedAt,
    trialEndsAt: subscription.trialEndsAt,
    endedAt: subscription.endedAt,
    timeZone: subscription.timeZone,
    noticeDays: subscription.noticeDays,
    graceDays: subscription.graceDays,
    period: subscription.period,
    plans: subscription.plans.map(({ planCode, planVersion, entitledFrom, pricedFrom }) => ({
      code: planCode,
      version: planVersion,
      entitledFrom,
      pricedFrom,
    })),
    addons: subscription.addons.map((addon) => ({
      code: addon.code,
      name: addon.name,
      resourceKind: addon.resourceKind,
      priceKind: addon.priceKind,
      price: moneyToJson(money(addon.priceMinor, orThrow(parseCurrency(addon.currency)))),
      units: addon.units,
      grants: addon.grants,
      attachedAt: addon.attachedAt,
      detachedAt: addon.detachedAt,
    })),
  };
}
