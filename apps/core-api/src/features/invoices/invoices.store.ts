import { Injectable } from '@nestjs/common';
import type { Period } from '@biplane/billing-calendar';
import type { InvoiceId, TenantId } from '@biplane/kernel';
import { executeSql, prismaOf, querySql, type Tx } from '@biplane/service-kit';
import type { PrismaClient } from '@biplane/prisma-core';
import type { InvoicedMonth, InvoicedUsage } from '../billing/index.js';

/** An issued invoice: its fixed content, and the status that alone may still change. */
export interface StoredInvoice {
  readonly id: InvoiceId;
  readonly tenantId: TenantId;
  readonly status: 'issued' | 'paid' | 'void';
  /** Canonical JSON of the whole document. */
  readonly content: string;
  readonly contentHash: string;
}

export interface NewInvoice extends StoredInvoice {
  readonly period: string;
  readonly periodFrom: Date;
  readonly periodTo: Date;
  readonly issuer: string;
  readonly year: number;
  readonly sequence: number;
  readonly number: string;
  readonly currency: string;
  readonly subtotalMinor: bigint;
  readonly totalMinor: bigint;
  readonly provisional: boolean;
  readonly issuedAt: Date;
  readonly dueAt: Date;
  readonly lines: readonly NewInvoiceLine[];
}

export interface NewInvoiceLine {
  readonly lineId: string;
  readonly kind: string;
  readonly deploymentId: string | null;
  readonly resourceKind: string;
  readonly quantity: string;
  readonly amountMinor: bigint;
  /** In which it was owed. */
  readonly periodFrom: Date;
  readonly periodTo: Date;
}

export interface InvoiceFilter {
  readonly tenantId?: TenantId | undefined;
  readonly period?: string | undefined;
}

/** Where a page of the list ended: the next one begins behind it. Newest first. */
export interface InvoicePosition {
  readonly issuedAt: Date;
  readonly id: string;
}

@Injectable()
export class InvoicesStore {
  /**
   * Takes the next number of a series. The row stays locked until the transaction ends, so a rolled-back invoice gives
   * its number back and two issuers at once never share or skip one.
   */
  async takeNumber(tx: Tx, issuer: string, year: number): Promise<number> {
    await executeSql(
      tx,
      `INSERT INTO invoice_series (issuer, year, last_number) VALUES ($1, $2, 0) ON CONFLICT DO NOTHING`,
      [issuer, year],
    );
    const [row] = await querySql<{ lastNumber: number }>(
      tx,
      `UPDATE invoice_series SET last_number = last_number + 1 WHERE issuer = $1 AND year = $2 RETURNING last_number AS "lastNumber"`,
      [issuer, year],
    );
    if (row === undefined) throw new Error(`Invoice series ${issuer}/${year} vanished inside its own transaction`);
    return row.lastNumber;
  }

  /**
   * One issuer a tenant at a time: the loser of a race waits here and then finds the winner's invoice. Of two months at
   * once the second sees the late usage that the first has billed.
   */
  async lockTenant(tx: Tx, tenantId: TenantId): Promise<void> {
    await querySql(tx, `SELECT pg_advisory_xact_lock(hashtextextended($1, 0))::text`, [`invoice|${tenantId}`]);
  }

  findLive(tx: Tx, tenantId: string, period: string): Promise<StoredInvoice | null> {
    return client(tx).invoice.findFirst({
      where: { tenantId, period, kind: 'cycle', status: { not: 'void' } },
      select: storedColumns,
    }) as Promise<StoredInvoice | null>;
  }

  find(tx: Tx, id: InvoiceId): Promise<StoredInvoice | null> {
    return client(tx).invoice.findUnique({ where: { id }, select: storedColumns }) as Promise<StoredInvoice | null>;
  }

  /** The months of a tenant that are invoiced, oldest first. */
  async months(tx: Tx, tenantId: string): Promise<InvoicedMonth[]> {
    const rows = await client(tx).invoice.findMany({
      where: { tenantId, kind: 'cycle', status: { not: 'void' } },
      orderBy: { periodFrom: 'asc' },
      select: { period: true, periodFrom: true, periodTo: true, currency: true, issuedAt: true },
    });
    return rows.map(({ period, periodFrom, periodTo, currency, issuedAt }) => {
      return { month: period, period: { from: periodFrom, to: periodTo }, currency, issuedAt };
    });
  }

  /** What stands on the invoices of a tenant for its usage of a period: on that period's own and on later ones. */
  async usageOf(tx: Tx, tenantId: string, period: Period): Promise<InvoicedUsage[]> {
    const rows = await querySql<Omit<InvoicedUsage, 'amountMinor'> & { readonly amountMinor: string }>(
      tx,
      `SELECT l.deployment_id::text AS "deploymentId", l.resource_kind AS meter,
              trim_scale(sum(l.quantity))::text AS quantity, sum(l.amount_minor)::text AS "amountMinor"
         FROM invoice i JOIN invoice_line l ON l.invoice_id = i.id
        WHERE i.tenant_id = $1::uuid AND i.kind = 'cycle' AND i.status <> 'void'
          AND l.kind IN ('overage', 'adjustment') AND l.deployment_id IS NOT NULL
          AND coalesce(l.period_from, i.period_from) = $2::timestamptz AND coalesce(l.period_to, i.period_to) = $3::timestamptz
        GROUP BY 1, 2 ORDER BY 1, 2`,
      [tenantId, period.from.toISOString(), period.to.toISOString()],
    );
    return rows.map((row) => ({ ...row, amountMinor: BigInt(row.amountMinor) }));
  }

  /** Newest first, at most `limit`, behind `after`. */
  async list(
    tx: Tx,
    filter: InvoiceFilter,
    after: InvoicePosition | null,
    limit: number,
  ): Promise<(StoredInvoice & { issuedAt: Date })[]> {
    const rows = await client(tx).invoice.findMany({
      where: {
        ...(filter.tenantId === undefined ? {} : { tenantId: filter.tenantId }),
        ...(filter.period === undefined ? {} : { period: filter.period }),
        ...(after === null
          ? {}
          : { OR: [{ issuedAt: { lt: after.issuedAt } }, { issuedAt: after.issuedAt, id: { lt: after.id } }] }),
      },
      orderBy: [{ issuedAt: 'desc' }, { id: 'desc' }],
      take: limit,
      select: { ...storedColumns, issuedAt: true },
    });
    return rows as (StoredInvoice & { issuedAt: Date })[];
  }

  async insert(tx: Tx, invoice: NewInvoice): Promise<void> {
    const { lines, ...head } = invoice;
    await client(tx).invoice.create({ data: { ...head, kind: 'cycle', lineCount: lines.length } });
    await client(tx).invoiceLine.createMany({
      data: lines.map((line, position) => ({ ...line, invoiceId: invoice.id, position })),
    });
  }
}

const storedColumns = { id: true, tenantId: true, status: true, content: true, contentHash: true } as const;

const client = (tx: Tx) => prismaOf<PrismaClient>(tx);
