import { Injectable } from '@nestjs/common';
import { querySql, type Tx } from '@biplane/service-kit';

export type MarginBy = 'deployment' | 'kind';

/** What one deployment or one resource kind brought in and cost in a month, in one currency. */
export interface MarginRow {
  readonly currency: string;
  /** Null for what belongs to no deployment. */
  readonly key: string | null;
  readonly revenueMinor: bigint;
  readonly costMinor: bigint;
}

/** What was invoiced for a month in one currency, and what credit notes took back of it. */
export interface RevenueRow {
  readonly currency: string;
  readonly invoices: number;
  readonly netMinor: bigint;
  readonly taxMinor: bigint;
  readonly creditedNetMinor: bigint;
  readonly creditedTaxMinor: bigint;
}

const KEY_OF: Readonly<Record<MarginBy, { readonly invoiced: string; readonly cost: string }>> = {
  deployment: { invoiced: 'l.deployment_id::text', cost: 'deployment_id::text' },
  kind: { invoiced: 'l.resource_kind', cost: 'resource_kind' },
};

/** Reads the lines of invoices and credit notes as they were issued: the sums are theirs, to the cent. */
@Injectable()
export class ReportsStore {
  /** Without tax. By currency, then key; what belongs to none comes last. */
  async margin(tx: Tx, period: string, by: MarginBy, limit: number): Promise<MarginRow[]> {
    const { invoiced, cost } = KEY_OF[by];
    const rows = await querySql<{ currency: string; key: string | null; revenue: string; cost: string }>(
      tx,
      `WITH moved AS (
         SELECT i.currency, ${invoiced} AS key, l.amount_minor AS revenue, 0::bigint AS cost
           FROM invoice i JOIN invoice_line l ON l.invoice_id = i.id
          WHERE i.period = $1 AND i.status <> 'void' AND l.kind <> 'tax'
         UNION ALL
         SELECT i.currency, ${invoiced}, -c.amount_minor, 0
           FROM invoice i JOIN credit_note_line c ON c.invoice_id = i.id
           JOIN invoice_line l ON l.invoice_id = c.invoice_id AND l.position = c.invoice_position
          WHERE i.period = $1 AND i.status <> 'void' AND l.kind <> 'tax'
         UNION ALL
         SELECT currency, ${cost}, 0, amount_minor FROM cost_line WHERE period = $1
       )
       SELECT currency, key, sum(revenue)::text AS revenue, sum(cost)::text AS cost FROM moved
       GROUP BY currency, key ORDER BY currency, key NULLS LAST LIMIT $2::int`,
      [period, limit],
    );
    return rows.map(({ currency, key, revenue, cost: spent }) => {
      return { currency, key, revenueMinor: BigInt(revenue), costMinor: BigInt(spent) };
    });
  }

  /** The costs of the month by currency; `unallocated` of them name no deployment. */
  async costs(tx: Tx, period: string): Promise<{ currency: string; costMinor: bigint; unallocatedMinor: bigint }[]> {
    const rows = await querySql<{ currency: string; cost: string; unallocated: string }>(
      tx,
      `SELECT currency, sum(amount_minor)::text AS cost,
         coalesce(sum(amount_minor) FILTER (WHERE deployment_id IS NULL), 0)::text AS unallocated
       FROM cost_line WHERE period = $1 GROUP BY currency ORDER BY currency`,
      [period],
    );
    return rows.map(({ currency, cost, unallocated }) => {
      return { currency, costMinor: BigInt(cost), unallocatedMinor: BigInt(unallocated) };
    });
  }

  async revenue(tx: Tx, period: string): Promise<RevenueRow[]> {
    const rows = await querySql<
      Record<'net' | 'tax' | 'creditedNet' | 'creditedTax' | 'currency', string> & { invoices: number }
    >(
      tx,
      `WITH issued AS (SELECT id, currency, subtotal_minor, total_minor FROM invoice WHERE period = $1 AND status <> 'void'),
       credited AS (
         SELECT i.currency, sum(n.subtotal_minor) AS net, sum(n.total_minor - n.subtotal_minor) AS tax
         FROM issued i JOIN credit_note n ON n.invoice_id = i.id GROUP BY i.currency
       )
       SELECT i.currency, count(*)::int AS invoices, sum(i.subtotal_minor)::text AS net,
         sum(i.total_minor - i.subtotal_minor)::text AS tax,
         coalesce(max(c.net), 0)::text AS "creditedNet", coalesce(max(c.tax), 0)::text AS "creditedTax"
       FROM issued i LEFT JOIN credited c ON c.currency = i.currency GROUP BY i.currency ORDER BY i.currency`,
      [period],
    );
    return rows.map(({ currency, invoices, net, tax, creditedNet, creditedTax }) => ({
      currency, invoices, netMinor: BigInt(net), taxMinor: BigInt(tax), creditedNetMinor: BigInt(creditedNet),
      creditedTaxMinor: BigInt(creditedTax),
    })); // prettier-ignore
  }
}
