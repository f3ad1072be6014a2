import { Injectable } from '@nestjs/common';
import { calendarMonth, contains, dayOf, type Period } from '@biplane/billing-calendar';
import { err, ok, orThrow, RefusalError, type Result, type TenantId } from '@biplane/kernel';
import type { AdjustmentRequest, BillRequest, TaxRequest } from '@biplane/pricing';
import { UnitOfWork, type Tx } from '@biplane/service-kit';
import { CatalogService } from '../catalog/index.js';
import { SubscriptionsService, type BillableSubscription } from '../subscriptions/index.js';
import { TenantsService, type BillingProfile } from '../tenants/index.js';
import { UsageService, type HomeHour } from '../usage/index.js';
import { computeBill, type ComputedBill, type HashedBillJson } from './bill.js';
import { addonRequest } from './domain/attached-addon.js';
import { namedMeters } from './domain/named-meters.js';
import { lateUsage } from './domain/late-usage.js';
import { meteredRequest, type MeteredDeployment } from './domain/metered-request.js';
import { InvoicedBills, type InvoicedMonth } from './invoiced-bills.js';

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
  /** How many lines correct periods that were invoiced before. */
  readonly adjustments: number;
}

/** The bill of each tenant, or why it has none. */
export type ComputedMonths = ReadonlyMap<TenantId, Result<MonthlyBill>>;

/** How many tenants are computed at once: one chunk of a roll-up. */
export const TENANTS_MAX = 500;

/**
 * What was recorded for an earlier period less than this before an invoice may have been committed after it: it is looked
 * at once more by the next. Far longer than any transaction and any difference of two clocks.
 */
const OVERLAP_MS = 3_600_000;

@Injectable()
export class MonthlyBillingService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly tenants: TenantsService,
    private readonly subscriptions: SubscriptionsService,
    private readonly catalog: CatalogService,
    private readonly usage: UsageService,
    private readonly invoiced: InvoicedBills,
  ) {}

  /**
   * What a tenant owes for a calendar month in its zone. Stores nothing: the same facts give the same bytes, and once the
   * month is invoiced they are those of its invoice, whatever comes later. All of it is read from one snapshot, so that
   * usage which arrives meanwhile is in it wholly or not at all.
   */
  calculateMonthlyBilling(tenantId: TenantId, month: string): Promise<HashedBillJson> {
    return this.unitOfWork.run((tx) => this.billIn(tx, tenantId, month), { isolation: 'RepeatableRead' });
  }

  /** The same inside the caller's transaction. */
  async billIn(tx: Tx, tenantId: TenantId, month: string): Promise<HashedBillJson> {
    const invoiced = await this.invoiced.history.billOf(tx, tenantId, month);
    return invoiced ?? (await this.calculateIn(tx, tenantId, month)).json;
  }

  /**
   * The bills of many tenants from one snapshot, each as `calculateIn` gives it; one that cannot be priced fails alone.
   * At most `TENANTS_MAX` at once. It does not ask whether the month is invoiced: that is for who issues.
   */
  calculateMany(tenantIds: readonly TenantId[], month: string): Promise<ComputedMonths> {
    const isolation = { isolation: 'RepeatableRead' } as const;
    return this.unitOfWork.run((tx) => this.calculateManyIn(tx, tenantIds, month), isolation);
  }

  /** The same inside the caller's transaction. */
  async calculateManyIn(tx: Tx, tenantIds: readonly TenantId[], month: string): Promise<ComputedMonths> {
    if (tenantIds.length > TENANTS_MAX) throw new RangeError(`More than ${TENANTS_MAX} tenants at once`);
    const bills = new Map<TenantId, Result<MonthlyBill>>();
    for (const tenantId of new Set(tenantIds)) bills.set(tenantId, await this.attempt(tx, tenantId, month));
    return bills;
  }

  private async attempt(tx: Tx, tenantId: TenantId, month: string): Promise<Result<MonthlyBill>> {
    try {
      return ok(await this.calculateIn(tx, tenantId, month));
    } catch (error) {
      if (error instanceof RefusalError) return err(error.failure);
      throw error;
    }
  }

  /** Of a month that is not invoiced, with all that an invoice needs: it stores exactly what it was computed from. */
  async calculateIn(tx: Tx, tenantId: TenantId, month: string): Promise<MonthlyBill> {
    const profile = await this.tenants.billingProfile(tx, tenantId);
    const period = calendarMonth(month, profile.timeZone);
    const subscriptions = await this.subscriptions.subscriptionsOfTenant(tx, tenantId, period);
    // Asked before the usage is read: a period that was complete then is wholly in the figures, whatever arrives after.
    const placements = subscriptions.flatMap(({ deployment }) => deployment.placements);
    const ids = subscriptions.map(({ deployment }) => deployment.id);
    const { missing } = await this.usage.completeness(tx, placements, period, ids);
    const names = await this.catalog.meterNames(tx);
    const taxes = await this.catalog.taxesOn(tx, profile.country, lastDayOf(period, profile.timeZone));
    const request = await this.request(tx, { profile, period, taxes, subscriptions, names });
    const adjustments = await this.adjustments(tx, profile, period, names);
    return {
      ...orThrow(computeBill({ ...request, adjustments })),
      profile,
      period,
      missingHours: missing,
      cutoffHours: Math.max(0, ...subscriptions.map(({ plan }) => plan.content.cutoffHours)),
      deployments: subscriptions.length,
      adjustments: adjustments.length,
    };
  }

  /** What usage that was recorded after a period was invoiced changes of it; on the first invoice that comes after. */
  private async adjustments(
    tx: Tx,
    profile: BillingProfile,
    period: Period,
    names: ReadonlyMap<string, string>,
  ): Promise<AdjustmentRequest[]> {
    const months = await this.invoiced.history.monthsOf(tx, profile.tenantId);
    const earlier = months.filter((month) => month.period.to <= period.from);
    if (earlier.length === 0) return [];
    const since = earlier.map((month) => lookedAt(month, months));
    const late = await this.usage.recordedSince(tx, profile.tenantId, period.from, earliest(since));
    const adjustments: AdjustmentRequest[] = [];
    for (const [index, month] of earlier.entries()) {
      const isLate = late.some(
        ({ windowStart, recordedAt }) => contains(month.period, windowStart) && recordedAt >= since[index]!,
      );
      if (isLate) adjustments.push(...(await this.adjustmentsOf(tx, profile, month, names)));
    }
    return adjustments;
  }

  /** The usage of an invoiced period is rated once more as a whole, under the plans in force then. */
  private async adjustmentsOf(
    tx: Tx,
    profile: BillingProfile,
    { period }: InvoicedMonth,
    names: ReadonlyMap<string, string>,
  ): Promise<AdjustmentRequest[]> {
    const subscriptions = await this.subscriptions.subscriptionsOfTenant(tx, profile.tenantId, period);
    const request = await this.request(tx, { profile, period, taxes: [], subscriptions, names });
    const { bill } = orThrow(computeBill(request));
    const rated = bill.lines.filter(({ kind }) => kind === 'overage');
    const before = await this.invoiced.history.usageOf(tx, profile.tenantId, period);
    return lateUsage(period, bill.currency, rated, before, names);
  }

  private async request(tx: Tx, of: Requested): Promise<BillRequest> {
    const { profile, period, taxes, subscriptions, names } = of;
    const deployments: MeteredDeployment[] = [];
    for (const subscription of subscriptions) deployments.push(await this.metered(tx, subscription, period, names));
    return meteredRequest(profile.currency, profile.timeZone, period, taxes, deployments);
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

interface Requested {
  readonly profile: BillingProfile;
  readonly period: Period;
  readonly taxes: readonly TaxRequest[];
  readonly subscriptions: readonly BillableSubscription[];
  readonly names: ReadonlyMap<string, string>;
}

/** From when on what was recorded for a month may not be in any invoice: each one takes the late usage of all months before. */
function lookedAt({ period }: InvoicedMonth, months: readonly InvoicedMonth[]): Date {
  const later = months.filter((month) => month.period.from >= period.from);
  return new Date(Math.max(...later.map(({ issuedAt }) => issuedAt.getTime())) - OVERLAP_MS);
}

function earliest(instants: readonly Date[]): Date {
  return new Date(Math.min(...instants.map((instant) => instant.getTime())));
}
