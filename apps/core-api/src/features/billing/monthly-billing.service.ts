import { Injectable } from '@nestjs/common';
import { calendarMonth, dayOf, type Period } from '@biplane/billing-calendar';
import { orThrow, type TenantId } from '@biplane/kernel';
import { UnitOfWork, type Tx } from '@biplane/service-kit';
import { CatalogService } from '../catalog/index.js';
import { SubscriptionsService, type BillableSubscription } from '../subscriptions/index.js';
import { TenantsService, type BillingProfile } from '../tenants/index.js';
import { UsageService, type HomeHour } from '../usage/index.js';
import { computeBill, type ComputedBill } from './bill.js';
import { addonRequest } from './domain/attached-addon.js';
import { namedMeters } from './domain/named-meters.js';
import { meteredRequest, type MeteredDeployment } from './domain/metered-request.js';

/** A tenant's month, computed from what was metered. */
export interface MonthlyBill extends ComputedBill {
  readonly profile: BillingProfile;
  readonly period: Period;
  /** Hours that some home has not closed, or that core-api does not hold as the home counted them. */
  readonly missingHours: readonly HomeHour[];
  /** How long after its end the period waits for them: the longest of its plans. */
  readonly cutoffHours: number;
  /** How many deployments were subscribed in the period. */
  readonly deployments: number;
}

@Injectable()
export class MonthlyBillingService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly tenants: TenantsService,
    private readonly subscriptions: SubscriptionsService,
    private readonly catalog: CatalogService,
    private readonly usage: UsageService,
  ) {}

  /**
   * What a tenant owes for a calendar month in its zone. Stores nothing: the same facts give the same bytes. All of it
   * is read from one snapshot, so that usage which arrives meanwhile is in it wholly or not at all.
   */
  calculateMonthlyBilling(tenantId: TenantId, month: string): Promise<MonthlyBill> {
    return this.unitOfWork.run((tx) => this.calculateIn(tx, tenantId, month), { isolation: 'RepeatableRead' });
  }

  /** The same inside the caller's transaction: an invoice stores exactly what it was computed from. */
  async calculateIn(tx: Tx, tenantId: TenantId, month: string): Promise<MonthlyBill> {
    const profile = await this.tenants.billingProfile(tx, tenantId);
    const period = calendarMonth(month, profile.timeZone);
    const subscriptions = await this.subscriptions.subscriptionsOfTenant(tx, tenantId, period);
    // Asked before the usage is read: a period that was complete then is wholly in the figures, whatever arrives after.
    const placements = subscriptions.flatMap(({ deployment }) => deployment.placements);
    const ids = subscriptions.map(({ deployment }) => deployment.id);
    const { missing } = await this.usage.completeness(tx, placements, period, ids);
    const names = await this.catalog.meterNames(tx);
    const deployments: MeteredDeployment[] = [];
    for (const subscription of subscriptions) deployments.push(await this.metered(tx, subscription, period, names));
    const taxes = await this.catalog.taxesOn(tx, profile.country, lastDayOf(period, profile.timeZone));
    const request = meteredRequest(profile.currency, profile.timeZone, period, taxes, deployments);
    return {
      ...orThrow(computeBill(request)),
      profile,
      period,
      missingHours: missing,
      cutoffHours: Math.max(0, ...subscriptions.map(({ plan }) => plan.content.cutoffHours)),
      deployments: subscriptions.length,
    };
  }

  private async metered(
    tx: Tx,
    billable: BillableSubscription,
    period: Period,
    names: ReadonlyMap<string, string>,
  ): Promise<MeteredDeployment> {
    const { deployment, plan, addons, active, suspended, firstReadyAt } = billable;
    return {
      deploymentId: deployment.id,
      plan,
      planVersion: namedMeters(plan.content, names),
      addons: addons.map(addonRequest),
      active,
      suspended,
      firstReadyAt,
      usage: await this.usage.usageOf(tx, deployment.id, period),
    };
  }
}

/** The tax of a bill is the one in force on the last day of its period, where the tenant is. */
function lastDayOf(period: Period, timeZone: string): string {
  return dayOf(new Date(period.to.getTime() - 1), timeZone);
}
