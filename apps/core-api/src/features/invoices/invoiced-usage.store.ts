import { Injectable } from '@nestjs/common';
import type { Period } from '@biplane/billing-calendar';
import { prismaOf, querySql, type Tx } from '@biplane/service-kit';
import type { PrismaClient } from '@biplane/prisma-core';
import type { InvoicedMonth, InvoicedUsage } from '../billing/index.js';

export interface TenantPeriod {
  readonly tenantId: string;
  readonly period: Period;
}

/** What was invoiced before, as the next bill asks for it. */
@Injectable()
export class InvoicedUsageStore {
  /** The months of each tenant that are invoiced, oldest first; who has none is absent. */
  async months(tx: Tx, tenantIds: readonly string[]): Promise<Map<string, InvoicedMonth[]>> {
    const rows = await prismaOf<PrismaClient>(tx).invoice.findMany({
      where: { tenantId: { in: [...tenantIds] }, kind: 'cycle', status: { not: 'void' } },
      orderBy: { periodFrom: 'asc' },
      select: { tenantId: true, period: true, periodFrom: true, periodTo: true, currency: true, issuedAt: true },
    });
    const owedAgain = await this.owedAgain(tx, tenantIds);
    const months = new Map<string, InvoicedMonth[]>();
    for (const { tenantId, period, periodFrom, periodTo, currency, issuedAt } of rows) {
      const isOwedAgain = owedAgain.has(keyOf(tenantId, periodFrom));
      const month = { month: period, period: { from: periodFrom, to: periodTo }, currency, issuedAt, isOwedAgain };
      months.set(tenantId, [...(months.get(tenantId) ?? []), month]);
    }
    return months;
  }

  /** The periods that an invoice corrected which is void. */
  private async owedAgain(tx: Tx, tenantIds: readonly string[]): Promise<Set<string>> {
    const rows = await querySql<{ tenantId: string; periodFrom: Date }>(
      tx,
      `SELECT DISTINCT i.tenant_id::text AS "tenantId", l.period_from AS "periodFrom"
         FROM invoice i JOIN invoice_line l ON l.invoice_id = i.id AND l.kind = 'adjustment'
        WHERE i.tenant_id = ANY ($1::uuid[]) AND i.kind = 'cycle' AND i.status = 'void'`,
      [tenantIds],
    );
    return new Set(rows.map(({ tenantId, periodFrom }) => keyOf(tenantId, periodFrom)));
  }

  /**
   * What stands on the invoices of each tenant for its usage of a period, with what a commitment, a maximum or a discount made
   * of it: on that period's own and on later ones, less what
   * was credited because it was less in the end, of whatever line. What was credited for another reason stays invoiced. In the order asked.
   */
  async usageOf(tx: Tx, wanted: readonly TenantPeriod[]): Promise<InvoicedUsage[][]> {
    const usage = wanted.map((): InvoicedUsage[] => []);
    if (wanted.length === 0) return usage;
    const rows = await querySql<Omit<InvoicedUsage, 'amountMinor'> & { position: number; amountMinor: string }>(
      tx,
      `SELECT (w.position - 1)::int AS position, l.deployment_id::text AS "deploymentId", l.resource_kind AS meter,
              trim_scale(coalesce(sum(l.quantity - coalesce(c.quantity, 0)) FILTER (WHERE l.kind IN ('overage', 'adjustment')), 0))::text AS quantity,
              sum(CASE WHEN l.kind IN ('overage', 'commitment', 'discount', 'adjustment') THEN l.amount_minor ELSE 0 END
                - coalesce(c.amount_minor, 0))::text AS "amountMinor"
         FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[]) WITH ORDINALITY AS w(tenant_id, period_from, period_to, position)
         JOIN invoice i ON i.tenant_id = w.tenant_id AND i.kind = 'cycle' AND i.status <> 'void'
         JOIN invoice_line l ON l.invoice_id = i.id AND l.kind <> 'tax' AND l.deployment_id IS NOT NULL
          AND coalesce(l.period_from, i.period_from) = w.period_from AND coalesce(l.period_to, i.period_to) = w.period_to
         LEFT JOIN LATERAL (
           SELECT sum(n.quantity) AS quantity, sum(n.amount_minor) AS amount_minor
           FROM credit_note_line n JOIN credit_note h ON h.id = n.credit_note_id AND h.cause = 'late_usage'
           WHERE n.invoice_id = l.invoice_id AND n.invoice_position = l.position) c ON true
        WHERE l.kind IN ('overage', 'commitment', 'discount', 'adjustment') OR c.amount_minor IS NOT NULL
        GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
      [
        wanted.map(({ tenantId }) => tenantId),
        wanted.map(({ period }) => period.from.toISOString()),
        wanted.map(({ period }) => period.to.toISOString()),
      ],
    );
    for (const { position, amountMinor, ...row } of rows)
      usage[position]!.push({ ...row, amountMinor: BigInt(amountMinor) });
    return usage;
  }
}

const keyOf = (tenantId: string, periodFrom: Date): string => `${tenantId}|${periodFrom.getTime()}`;
