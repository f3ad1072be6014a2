import { Injectable } from '@nestjs/common';
import { RefusalError, type Failure, type TenantId } from '@biplane/kernel';
import { hourOf, periodOf, type Period } from '@biplane/billing-calendar';
import type { Tx } from '@biplane/service-kit';
import type { Actor } from '../audit/index.js';
import { billedMonth, billedMonthAt, BillingSettings } from '../billing-settings/index.js';
import { PlansService } from '../catalog/index.js';
import { DeploymentsService } from '../deployments/index.js';
import { InvoicesService } from '../invoices/index.js';
import { SubscriptionsService, type Subscription } from '../subscriptions/index.js';
import { BilledUsage } from '../usage/index.js';
import { done, judgeWindows, LOOK_SLOWLY_MS, waits, type Outcome } from './domain/steps.js';

const HOUR_MS = 3_600_000;

/** The last month of a deployment: what was counted in it, and the invoice that holds it. */
@Injectable()
export class FinalInvoice {
  constructor(
    private readonly deployments: DeploymentsService,
    private readonly subscriptions: SubscriptionsService,
    private readonly settings: BillingSettings,
    private readonly plans: PlansService,
    private readonly usage: BilledUsage,
    private readonly invoices: InvoicesService,
  ) {}

  /** Null for one that was never subscribed, or never ended. */
  async endOf(tx: Tx, deploymentId: string): Promise<Date | null> {
    return (await this.subscriptions.find(tx, deploymentId))?.endedAt ?? null;
  }

  /** Whether every hour up to its end is closed by the homes that served it, in the month that its last invoice is of. */
  async windows(tx: Tx, deploymentId: string, isGivenUp: boolean, now: Date): Promise<Outcome> {
    const last = await this.lastMonth(tx, deploymentId);
    if (!last) return done('it was never subscribed');
    const { month, period, endsAt, subscription } = last;
    const { placements } = await this.deployments.required(tx, deploymentId);
    // The hour in which it ended closes with the others.
    const counted = periodOf(+period.from, Math.max(+hourOf(endsAt).to, +period.from + HOUR_MS));
    const deploymentIds = [deploymentId];
    const [missing] = await this.usage.missing(tx, [{ period: counted, deploymentIds, placements }]);
    const cutoffHours = await this.cutoffHours(tx, subscription);
    const cutoffAt = new Date(+period.to + cutoffHours * HOUR_MS);
    const outcome = judgeWindows({ missingHours: missing!.length, cutoffAt, isGivenUp }, now);
    return outcome.isDone ? outcome : { ...outcome, waitsFor: `${outcome.waitsFor} (${month})` };
  }

  /**
   * The invoice of the tenant's month in which it ended, issued as every other: it is one for all that the tenant has, so it
   * waits for the month's end, and is there already when the roll-up was first.
   */
  async issue(tx: Tx, deploymentId: string, actor: Actor, now: Date): Promise<Outcome> {
    const last = await this.lastMonth(tx, deploymentId);
    if (!last) return done('it was never subscribed');
    const { month, period, subscription } = last;
    if (now < period.to) return waits(`${month} is invoiced after its end`, period.to);
    try {
      const { invoice } = await this.invoices.issue(tx, subscription.tenantId as TenantId, month, actor);
      return done(`${month} is invoiced by ${invoice.number}`);
    } catch (error) {
      // Refused before anything was written; whatever else is thrown rolls back and comes again.
      if (!(error instanceof RefusalError) || !error.failure.code.startsWith('BILLING.')) throw error;
      return refused(error.failure, month, now);
    }
  }

  private async cutoffHours(tx: Tx, { planCode, planVersion }: Subscription): Promise<number> {
    const { content } = await this.plans.publishedVersion(tx, planCode, planVersion);
    return content.cutoffHours;
  }

  /** A month's end belongs to the month that ends there. */
  private async lastMonth(
    tx: Tx,
    deploymentId: string,
  ): Promise<{ month: string; period: Period; endsAt: Date; subscription: Subscription } | null> {
    const subscription = await this.subscriptions.find(tx, deploymentId);
    if (!subscription?.endedAt) return null;
    const { zones } = await this.settings.one(tx, subscription.tenantId);
    const endsAt = new Date(subscription.endedAt.getTime() - 1);
    const month = billedMonthAt(zones, endsAt);
    return { month, period: billedMonth(zones, month), endsAt, subscription };
  }
}

function refused({ code, detail }: Failure, month: string, now: Date): Outcome {
  if (code === 'BILLING.NOTHING_TO_BILL') return done(`nothing is owed for ${month}`);
  return waits(detail, new Date(now.getTime() + LOOK_SLOWLY_MS));
}
