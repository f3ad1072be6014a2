import { Injectable } from '@nestjs/common';
import { contains, dayOf } from '@biplane/billing-calendar';
import { ok, type Result } from '@biplane/kernel';
import type { TenantDiscountRequest } from '@biplane/pricing';
import type { Tx } from '@biplane/service-kit';
import { BillingSettings, discountsOn, zoneOf, type Settings } from '../billing-settings/index.js';
import { CatalogService } from '../catalog/index.js';
import { BilledUsage, type RecordedWindow } from '../usage/index.js';
import { computeBill } from './bill.js';
import { BillingFacts, type TenantFacts } from './billing-facts.js';
import { lateUsage, ratedUsage, type LateUsage } from './domain/late-usage.js';
import { meteredRequest } from './domain/metered-request.js';
import { discountRequests } from './domain/tenant-discounts.js';
import { InvoicedBills, type InvoicedMonth } from './invoiced-bills.js';

/**
 * What was recorded for an earlier period less than this before an invoice may have been committed after it: it is looked
 * at once more by the next. Far longer than any transaction and any difference of two clocks.
 */
const OVERLAP_MS = 3_600_000;

/** What usage that was recorded after a period was invoiced changes of it; on the first invoice that comes after. */
@Injectable()
export class LateUsages {
  constructor(
    private readonly facts: BillingFacts,
    private readonly usage: BilledUsage,
    private readonly catalog: CatalogService,
    private readonly settings: BillingSettings,
    private readonly invoiced: InvoicedBills,
  ) {}

  /** By tenant; those without any are absent, and one whose usage cannot be rated fails alone. The usage of an invoiced month is rated once more as a whole, under the plans of then. */
  async of(tx: Tx, tenants: readonly TenantFacts[]): Promise<Map<string, Result<LateUsage>>> {
    const late = await this.lateMonths(tx, tenants);
    const found = new Map<string, Result<LateUsage>>();
    if (late.length === 0) return found;
    const wanted = late.map(({ facts, month }) => ({ tenantId: facts.profile.tenantId, period: month.period }));
    const metered = await this.facts.metered(tx, wanted);
    const before = await this.invoiced.history.usageOf(tx, wanted);
    const names = await this.catalog.meterNames(tx);
    const discounts = await this.discounts(tx, late);
    late.forEach(({ facts, month }, index) => {
      const { tenantId, zones, currency } = facts.profile;
      const timeZone = zoneOf(zones, month.month);
      const of = { currency, timeZone, period: month.period, taxes: [], discounts: discounts[index]! };
      const rated = computeBill(meteredRequest({ ...of, deployments: metered[index]! }));
      const known = found.get(tenantId) ?? ok({ adjustments: [], decreases: [] });
      if (!known.ok) return;
      if (!rated.ok) {
        found.set(tenantId, rated);
        return;
      }
      const { bill } = rated.value;
      const changes = lateUsage(month.period, bill.currency, ratedUsage(bill.lines), before[index]!, names);
      found.set(
        tenantId,
        ok({
          adjustments: [...known.value.adjustments, ...changes.adjustments],
          decreases: [...known.value.decreases, ...changes.decreases],
        }),
      );
    });
    return found;
  }

  /** The tenant's own of each month, as they were then: one statement for each month that is not the same. */
  private async discounts(tx: Tx, late: readonly LateMonth[]): Promise<TenantDiscountRequest[][]> {
    const held = new Map<string, ReadonlyMap<string, Settings>>();
    for (const name of new Set(late.map(({ month }) => month.month))) {
      const ids = late.filter(({ month }) => month.month === name).map(({ facts }) => facts.profile.tenantId);
      held.set(name, await this.settings.ofMonth(tx, ids, name));
    }
    return late.map(({ facts, month: { month, period } }) => {
      const { discounts, zones } = held.get(month)!.get(facts.profile.tenantId)!;
      const lastDay = dayOf(new Date(period.to.getTime() - 1), zoneOf(zones, month));
      return discountRequests(discountsOn(discounts, lastDay));
    });
  }

  /** The invoiced months before each tenant's bill for which something was recorded that no invoice may hold; oldest first. */
  private async lateMonths(tx: Tx, tenants: readonly TenantFacts[]): Promise<LateMonth[]> {
    const ids = tenants.map(({ profile }) => profile.tenantId);
    const history = await this.invoiced.history.monthsOf(tx, ids);
    const asked = tenants.flatMap((facts) => {
      const months = history.get(facts.profile.tenantId) ?? [];
      const earlier = months.filter(({ period }) => period.to <= facts.period.from);
      return earlier.map((month) => ({ facts, month, since: lookedAt(month, months) }));
    });
    if (asked.length === 0) return [];
    const since = new Map<string, { tenantId: string; before: Date; since: Date }>();
    for (const { facts, since: at } of asked) {
      const { tenantId } = facts.profile;
      const known = since.get(tenantId);
      if (known === undefined || at < known.since)
        since.set(tenantId, { tenantId, before: facts.period.from, since: at });
    }
    const recorded = new Map<string, RecordedWindow[]>();
    for (const window of await this.usage.recordedSince(tx, [...since.values()])) {
      recorded.set(window.tenantId, [...(recorded.get(window.tenantId) ?? []), window]);
    }
    return asked.filter(({ facts, month, since: at }) =>
      recorded
        .get(facts.profile.tenantId)
        ?.some(({ windowStart, recordedAt }) => contains(month.period, windowStart) && recordedAt >= at),
    );
  }
}

interface LateMonth {
  readonly facts: TenantFacts;
  readonly month: InvoicedMonth;
}

/** From when on what was recorded for a month may not be in any invoice: each one takes the late usage of all months before. */
function lookedAt(looked: InvoicedMonth, months: readonly InvoicedMonth[]): Date {
  const { period, isOwedAgain } = looked;
  const later = isOwedAgain ? [looked] : months.filter((month) => month.period.from >= period.from);
  return new Date(Math.max(...later.map(({ issuedAt }) => issuedAt.getTime())) - OVERLAP_MS);
}
