import { Injectable, Logger } from '@nestjs/common';
import type { Failure, TenantId } from '@biplane/kernel';
import { isDatabaseUnavailable, UnitOfWork } from '@biplane/service-kit';
import { MonthlyBillingService, type ComputedMonths, type MonthlyBill } from '../billing/index.js';
import { billedMonth, BillingSettings, type Settings } from '../billing-settings/index.js';
import { IssueInvoices, issuing, owesNothing, type IssueItem, type LiveInvoice } from '../invoices/index.js';
import { bisect } from './domain/bisect.js';
import { outcomeOf } from './domain/outcome.js';
import type { SkipReason, Tally } from './domain/tally.js';
import type { Chunk } from './rollup-plan.js';

/** What is to be done of one tenant. */
export type Decided =
  | {
      readonly kind: 'issue';
      readonly tenantId: TenantId;
      readonly bill: MonthlyBill;
      readonly provisional: boolean;
      /** How often something was invoiced for the tenant when it was computed; absent when that was under its lock. */
      readonly basis?: number;
      readonly replaces?: NonNullable<IssueItem['replaces']>;
    }
  /** Computed when the invoice is voided, in the same transaction. */
  | { readonly kind: 'replace'; readonly tenantId: TenantId; readonly live: LiveInvoice }
  | { readonly kind: 'skip'; readonly tenantId: TenantId; readonly reason: SkipReason }
  | { readonly kind: 'park'; readonly tenantId: TenantId; readonly code: string; readonly detail: string };

export interface Asked {
  readonly month: string;
  /** Decides what is over. */
  readonly at: Date;
  /** By schedule only those are billed who are billed automatically. */
  readonly trigger: 'schedule' | 'demand';
  /** Replaces invoices that were issued and not paid. */
  readonly force: boolean;
}

/** The code under which a tenant is parked for what nobody foresaw. */
export const UNEXPECTED = 'UNEXPECTED';
const DETAIL_MAX = 500;
const NO_BILLS: ComputedMonths = new Map();

/** Decides of a chunk of tenants, outside any transaction that writes. */
@Injectable()
export class RollupPricing {
  private readonly logger = new Logger('Rollup');
  /** Months end at few different instants; to find one takes longer than to price a bill. */
  private readonly ends = new Map<string, Date>();

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly billing: MonthlyBillingService,
    private readonly settings: BillingSettings,
    private readonly invoices: IssueInvoices,
  ) {}

  /** One decision a tenant, in their order. */
  async decide(chunk: Chunk, asked: Asked): Promise<Decided[]> {
    const fresh = chunk.filter(({ live }) => live === null).map(({ tenantId }) => tenantId);
    const decided = await this.decideFresh(fresh, asked);
    return chunk.map(({ tenantId, live }): Decided => {
      if (live === null) return decided.get(tenantId)!;
      if (!asked.force) return { kind: 'skip', tenantId, reason: 'ALREADY_INVOICED' };
      if (live.status === 'paid') return { kind: 'skip', tenantId, reason: 'ALREADY_PAID' };
      return { kind: 'replace', tenantId, live };
    });
  }

  private async decideFresh(tenantIds: readonly TenantId[], asked: Asked): Promise<Map<TenantId, Decided>> {
    const decided = new Map<TenantId, Decided>();
    const keep = (each: Decided) => void decided.set(each.tenantId, each);
    await bisect(
      tenantIds,
      async (some) => (await this.price(some, asked)).forEach(keep),
      async (tenantId, error) => keep(this.unexpected(tenantId, error)),
      isDatabaseUnavailable,
    );
    return decided;
  }

  private async price(tenantIds: readonly TenantId[], asked: Asked): Promise<Decided[]> {
    if (tenantIds.length === 0) return [];
    const reader = this.unitOfWork.reader;
    const settings = await this.settings.of(reader, tenantIds, asked.at);
    const skipped = new Map(tenantIds.map((tenantId) => [tenantId, this.notYet(settings.get(tenantId), asked)]));
    const billable = tenantIds.filter((tenantId) => skipped.get(tenantId) === null);
    // Read before the bills are: what is invoiced in between makes them stale, never wrong.
    const bases = await this.invoices.basisOf(reader, billable);
    const bills = billable.length === 0 ? NO_BILLS : await this.billing.calculateMany(billable, asked.month);
    return tenantIds.map((tenantId): Decided => {
      const bill = bills.get(tenantId);
      if (bill === undefined) return { kind: 'skip', tenantId, reason: skipped.get(tenantId)! };
      return bill.ok ? decisionOf(tenantId, bill.value, asked.at, bases.get(tenantId)) : refused(tenantId, bill.error);
    });
  }

  /** Of what was thrown at one tenant alone. */
  unexpected(tenantId: TenantId, error: unknown): Decided {
    this.logger.error({ err: error, tenantId }, 'a tenant cannot be invoiced and is parked');
    const detail = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return { kind: 'park', tenantId, code: UNEXPECTED, detail: detail.slice(0, DETAIL_MAX) };
  }

  private notYet(settings: Settings | undefined, { month, at, trigger }: Asked): SkipReason | null {
    if (settings === undefined) return 'NO_SUBSCRIPTION';
    if (trigger === 'schedule' && !settings.autoInvoice) return 'NOT_AUTOMATIC';
    return at < this.endOf(settings, month) ? 'PERIOD_RUNS' : null;
  }

  private endOf({ zones }: Settings, month: string): Date {
    const key = `${month}|${zones.map(({ fromMonth, timeZone }) => `${fromMonth} ${timeZone}`).join('|')}`;
    const known = this.ends.get(key);
    if (known !== undefined) return known;
    const { to } = billedMonth(zones, month);
    if (this.ends.size > 10_000) this.ends.clear();
    this.ends.set(key, to);
    return to;
  }
}

export function refused(tenantId: TenantId, { code, detail }: Failure): Decided {
  return { kind: 'park', tenantId, code, detail: detail.slice(0, DETAIL_MAX) };
}

/** `basis`: see `Decided`. */
export function decisionOf(tenantId: TenantId, bill: MonthlyBill, at: Date, basis?: number): Decided {
  const { period, missingHours, cutoffHours, deployments, adjustments, decreases } = bill;
  const outcome = outcomeOf(
    { deployments, adjustments, decreases: decreases.length, owesNothing: owesNothing(bill) },
    issuing(period, missingHours.length, cutoffHours, at),
  );
  if (outcome.kind === 'skip') return { ...outcome, tenantId };
  return { ...outcome, tenantId, bill, ...(basis !== undefined && { basis }) };
}

/** What these decisions come to, when all that is to be issued is issued. */
export function tallyOf(decided: readonly Decided[]): Tally {
  const skipped: Partial<Record<SkipReason, number>> = {};
  const totals: Record<string, bigint> = {};
  const counts = { issued: 0, replaced: 0, provisional: 0, parked: 0 };
  for (const each of decided) {
    if (each.kind === 'skip') skipped[each.reason] = (skipped[each.reason] ?? 0) + 1;
    else if (each.kind === 'park') counts.parked += 1;
    else if (each.kind === 'issue') {
      const { currency, minor } = each.bill.bill.total;
      counts.issued += 1;
      counts.replaced += Number(each.replaces !== undefined);
      counts.provisional += Number(each.provisional);
      totals[currency] = (totals[currency] ?? 0n) + minor;
    }
  }
  return { ...counts, examined: decided.length, skipped, totals };
}
