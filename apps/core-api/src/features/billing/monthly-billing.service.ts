import { Injectable } from '@nestjs/common';
import type { Period } from '@biplane/billing-calendar';
import { err, ok, orThrow, type Result, type TenantId } from '@biplane/kernel';
import type { AdjustmentRequest } from '@biplane/pricing';
import { UnitOfWork, type Tx } from '@biplane/service-kit';
import { TenantErrors } from '../tenants/index.js';
import type { HomeHour } from '../usage/index.js';
import { computeBill, type ComputedBill, type HashedBillJson } from './bill.js';
import { BillingFacts, type BilledTenant, type TenantFacts } from './billing-facts.js';
import type { LateUsage } from './domain/late-usage.js';
import { meteredRequest } from './domain/metered-request.js';
import { InvoicedBills } from './invoiced-bills.js';
import { LateUsages } from './late-usage.service.js';

/** A tenant's month, computed from what was metered. */
export interface MonthlyBill extends ComputedBill {
  readonly profile: BilledTenant;
  readonly period: Period;
  /** Hours that some home has not closed, or that core-api does not hold as the home counted them. */
  readonly missingHours: readonly HomeHour[];
  /** How long after its end the period waits for them: the longest of its plans. */
  readonly cutoffHours: number;
  /** How many deployments were subscribed in the period. */
  readonly deployments: number;
  /** How many lines correct periods that were invoiced before. */
  readonly adjustments: number;
  /** What earlier periods came to less than was invoiced for them: not on this bill, but to be credited. */
  readonly decreases: readonly AdjustmentRequest[];
}

/** The bill of each tenant, or why it has none. */
export type ComputedMonths = ReadonlyMap<TenantId, Result<MonthlyBill>>;

/** How many tenants are computed at once: one chunk of a roll-up. */
export const TENANTS_MAX = 500;

const NOTHING_LATE: Result<LateUsage> = ok({ adjustments: [], decreases: [] });

@Injectable()
export class MonthlyBillingService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly facts: BillingFacts,
    private readonly late: LateUsages,
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

  /** Of a month that is not invoiced, with all that an invoice needs: it stores exactly what it was computed from. */
  async calculateIn(tx: Tx, tenantId: TenantId, month: string): Promise<MonthlyBill> {
    return orThrow((await this.calculateManyIn(tx, [tenantId], month)).get(tenantId)!);
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
    const facts = await this.facts.load(tx, tenantIds, month);
    const late = await this.late.of(tx, [...facts.values()]);
    return new Map(
      tenantIds.map((tenantId) => {
        const own = facts.get(tenantId);
        return [tenantId, own ? computed(own, late.get(tenantId) ?? NOTHING_LATE) : unknown(tenantId)];
      }),
    );
  }
}

function computed(facts: TenantFacts, late: Result<LateUsage>): Result<MonthlyBill> {
  if (!late.ok) return late;
  const { adjustments, decreases } = late.value;
  const { profile, period, month, missingHours, cutoffHours } = facts;
  const bill = computeBill({ ...meteredRequest(month), adjustments });
  if (!bill.ok) return bill;
  return ok({
    ...bill.value,
    profile,
    period,
    missingHours,
    cutoffHours,
    deployments: month.deployments.length,
    adjustments: adjustments.length,
    decreases,
  });
}

function unknown(tenantId: TenantId): Result<MonthlyBill> {
  return err(TenantErrors.NOT_FOUND({ detail: `There is no tenant ${tenantId}` }));
}
