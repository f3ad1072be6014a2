import { Injectable } from '@nestjs/common';
import { money, moneyToJson, orThrow, parseCurrency, type MoneyJson } from '@biplane/kernel';
import { UnitOfWork } from '@biplane/service-kit';
import type { MarginDto, MarginRowDto, RevenueDto } from './reports.dto.js';
import { ReportsStore, type MarginBy, type MarginRow } from './reports.store.js';

/** Rows of one answer. The totals are whole even when rows are left out. */
const ROWS_MAX = 10_000;

/** What a month brought in and what it cost, each currency for itself. */
@Injectable()
export class Reports {
  constructor(
    private readonly store: ReportsStore,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /** One snapshot, so that rows and totals are of the same invoices. */
  margin(period: string, by: MarginBy): Promise<MarginDto> {
    const read = { isolation: 'RepeatableRead' } as const;
    return this.unitOfWork.run(async (tx) => {
      const found = await this.store.margin(tx, period, by, ROWS_MAX + 1);
      const [revenue, costs] = [await this.store.revenue(tx, period), await this.store.costs(tx, period)];
      const currencies = [...new Set([...revenue, ...costs].map(({ currency }) => currency))].sort();
      const totals = currencies.map((currency) => {
        const of = revenue.find((row) => row.currency === currency);
        const cost = costs.find((row) => row.currency === currency);
        const [revenueMinor, costMinor] = [of ? of.netMinor - of.creditedNetMinor : 0n, cost?.costMinor ?? 0n];
        const unallocatedCost = json(currency, cost?.unallocatedMinor ?? 0n);
        return { currency, ...amounts({ currency, revenueMinor, costMinor }), unallocatedCost };
      });
      return { period, by, rows: found.slice(0, ROWS_MAX).map(rowJson), isTruncated: found.length > ROWS_MAX, totals };
    }, read);
  }

  async revenue(period: string): Promise<RevenueDto> {
    const rows = await this.store.revenue(this.unitOfWork.reader, period);
    const currencies = rows.map(({ currency, invoices, netMinor, taxMinor, creditedNetMinor, creditedTaxMinor }) => ({
      currency,
      invoices,
      invoiced: sums(currency, netMinor, taxMinor),
      credited: sums(currency, creditedNetMinor, creditedTaxMinor),
      revenue: sums(currency, netMinor - creditedNetMinor, taxMinor - creditedTaxMinor),
    }));
    return { period, currencies };
  }
}

function rowJson(row: MarginRow): MarginRowDto {
  return { key: row.key, currency: row.currency, ...amounts(row) };
}

function amounts({ currency, revenueMinor, costMinor }: Omit<MarginRow, 'key'>) {
  return {
    revenue: json(currency, revenueMinor),
    cost: json(currency, costMinor),
    margin: json(currency, revenueMinor - costMinor),
  };
}

function sums(currency: string, net: bigint, tax: bigint) {
  return { net: json(currency, net), tax: json(currency, tax), total: json(currency, net + tax) };
}

function json(currency: string, minor: bigint): MoneyJson {
  return moneyToJson(money(minor, orThrow(parseCurrency(currency))));
}

/** RFC 4180. Keys are ids and codes, amounts are numbers: nothing in it is read as a formula. */
export function marginCsv({ period, by, rows }: MarginDto): string {
  const lines = rows.map(({ key, currency, revenue, cost, margin }) =>
    [period, key ?? '', currency, revenue.amount, cost.amount, margin.amount].join(','),
  );
  return [`period,${by},currency,revenue,cost,margin`, ...lines, ''].join('\r\n');
}
