import { Injectable } from '@nestjs/common';
import { calendarMonth, type Period } from '@biplane/billing-calendar';
import { orThrow, type TenantId } from '@biplane/kernel';
import { UnitOfWork, type Tx } from '@biplane/service-kit';
import { Catalog } from '../catalog/index.js';
import { Deployments } from '../deployments/index.js';
import { Subscriptions } from '../subscriptions/index.js';
import { Tenants, type BillingProfile } from '../tenants/index.js';
import { UsageService, type MissingHour } from '../usage/index.js';
import { computeBill, type ComputedBill } from './bill.js';
import { meteredRequest, type MeteredDeployment } from './domain/metered-request.js';

/** A tenant's month, computed from what was metered. */
export interface MonthlyBill extends ComputedBill {
  readonly profile: BillingProfile;
  readonly period: Period;
  /** Hours that some home has not closed, or that core-api does not hold as the home counted them. */
  readonly missingHours: readonly MissingHour[];
  /** How long after its end the period waits for them: the longest of its plans. */
  readonly cutoffHours: number;
  readonly deployments: number;
}

@Injectable()
export class MonthlyBillingService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly tenants: Tenants,
    private readonly deployments: Deployments,
    private readonly subscriptions: Subscriptions,
    private readonly catalog: Catalog,
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
    const subscriptions = await this.subscriptions.billable(tx, tenantId, period);
    // Asked before the usage is read: a period that was complete then is wholly in the figures, whatever arrives after.
    const missingHours = await this.missingHours(
      tx,
      subscriptions.map(({ deploymentId }) => deploymentId),
      period,
    );
    const deployments: MeteredDeployment[] = [];
    for (const subscription of subscriptions) {
      const usage = await this.usage.usageOf(tx, subscription.deploymentId, period);
      deployments.push({ ...subscription, usage });
    }
    const taxes = await this.catalog.taxesOn(tx, profile.country, lastDayOf(month));
    const request = meteredRequest(profile.currency, profile.timeZone, period, taxes, deployments);
    return {
      ...orThrow(computeBill(request)),
      profile,
      period,
      missingHours,
      cutoffHours: Math.max(
        0,
        ...subscriptions.map(({ planVersion }) => planVersion.cutoffHours ?? defaultCutoffHours),
      ),
      deployments: subscriptions.length,
    };
  }
}

const defaultCutoffHours = 24;
