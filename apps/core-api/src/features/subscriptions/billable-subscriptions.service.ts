import { Injectable } from '@nestjs/common';
import type { OpenPeriod } from '@biplane/billing-calendar';
import type { Tx } from '@biplane/service-kit';
import { DeploymentHistories, type Placement } from '../deployments/index.js';
import {
  BillableSubscriptionsStore,
  type BilledAddon,
  type BilledSubscription,
  type TenantPeriod,
} from './billable-subscriptions.store.js';
import type { ModuleSwitch } from './domain/module-stretches.js';
import { planTurns, type PricedPlan } from './domain/plan-turns.js';

/** A subscription as a bill needs it. All of it comes from history that only grows, so that a past month stays what it was. */
export interface BillableSubscription {
  readonly deploymentId: string;
  /** In the order in which they were priced in the period; the last one is in force at its end. */
  readonly plans: readonly PricedPlan[];
  readonly addons: readonly BilledAddon[];
  /** When it is charged for; not cut to the period. */
  readonly active: readonly OpenPeriod[];
  readonly suspended: readonly OpenPeriod[];
  readonly switches: readonly ModuleSwitch[];
  readonly placements: readonly Placement[];
}

@Injectable()
export class BillableSubscriptions {
  constructor(
    private readonly store: BillableSubscriptionsStore,
    private readonly histories: DeploymentHistories,
  ) {}

  /** For each tenant and period, all that was subscribed to at any instant of it; two statements, however many are wanted. */
  async during(tx: Tx, wanted: readonly TenantPeriod[]): Promise<BillableSubscription[][]> {
    const found = await this.store.during(tx, wanted);
    const ids = new Set(found.flatMap((subscriptions) => subscriptions.map(({ deploymentId }) => deploymentId)));
    const histories = await this.histories.of(tx, [...ids]);
    return found.map((subscriptions, index) =>
      subscriptions.map((subscription) => {
        const history = histories.get(subscription.deploymentId)!;
        return billable(subscription, wanted[index]!, {
          placements: history.placements,
          ...this.histories.activity(history, subscription),
        });
      }),
    );
  }
}

type OfDeployment = Pick<BillableSubscription, 'active' | 'suspended' | 'placements'>;

function billable(
  { deploymentId, plans, addons, switches }: BilledSubscription,
  { period }: TenantPeriod,
  history: OfDeployment,
): BillableSubscription {
  return { deploymentId, plans: planTurns(plans, period), addons, switches, ...history };
}
