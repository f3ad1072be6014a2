import { Injectable } from '@nestjs/common';
import type { InvoiceId, TenantId } from '@biplane/kernel';
import { executeSql, prismaOf, querySql, type Tx } from '@biplane/service-kit';
import type { PrismaClient } from '@biplane/prisma-core';
import { storedColumns, storedInvoice, type StoredInvoice } from './stored-invoice.js';

export interface NewInvoice {
  readonly id: InvoiceId;
  readonly tenantId: TenantId;
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
  /** Of the tenant's balance; the database works out from it what is open, and whether it is paid at once. */
  readonly creditAppliedMinor: bigint;
  readonly provisional: boolean;
  /** Canonical JSON of the whole document. */
  readonly content: string;
  readonly contentHash: string;
  readonly buyerEncrypted: string | null;
  readonly replacesId: string | null;
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
  readonly tenantId?: string | undefined;
  readonly period?: string | undefined;
  readonly status?: StoredInvoice['status'] | undefined;
}

/** Where a page of the list ended: the next one begins behind it. Newest first. */
export interface InvoicePosition {
  readonly issuedAt: Date;
  readonly id: string;
}

export interface TenantMonth {
  readonly tenantId: string;
  readonly month: string;
}

@Injectable()
export class InvoicesStore {
  async findLive(tx: Tx, tenantId: string, month: string): Promise<StoredInvoice | null> {
    return (await this.findLiveOf(tx, [{ tenantId, month }]))[0] ?? null;
  }

  /** Those of these months that are issued and not void. */
  async findLiveOf(tx: Tx, months: readonly TenantMonth[]): Promise<StoredInvoice[]> {
    const tenants = [...new Set(months.map(({ tenantId }) => tenantId))];
    const periods = [...new Set(months.map(({ month }) => month))];
    const rows = await client(tx).invoice.findMany({
      where: { tenantId: { in: tenants }, period: { in: periods }, kind: 'cycle', status: { not: 'void' } },
      select: storedColumns,
    });
    const asked = new Set(months.map(({ tenantId, month }) => `${tenantId}|${month}`));
    return rows.filter(({ tenantId, period }) => asked.has(`${tenantId}|${period}`)).map(storedInvoice);
  }

  async find(tx: Tx, id: string): Promise<StoredInvoice | null> {
    const row = await client(tx).invoice.findUnique({ where: { id }, select: storedColumns });
    return row && storedInvoice(row);
  }

  /** The number of a live invoice of another month that corrects this one's usage; null when none does. */
  async correctedBy(tx: Tx, { id, tenantId }: { id: string; tenantId: string }): Promise<string | null> {
    const [row] = await querySql<{ number: string }>(
      tx,
      `SELECT later.number FROM invoice i
       JOIN invoice later ON later.tenant_id = i.tenant_id AND later.id <> i.id AND later.status <> 'void'
       JOIN invoice_line l ON l.invoice_id = later.id AND l.kind = 'adjustment'
         AND l.period_from = i.period_from AND l.period_to = i.period_to
       WHERE i.id = $1::uuid AND i.tenant_id = $2::uuid ORDER BY later.number LIMIT 1`,
      [id, tenantId],
    );
    return row?.number ?? null;
  }

  /** Newest first, at most `limit`, behind `after`. */
  async list(tx: Tx, filter: InvoiceFilter, after: InvoicePosition | null, limit: number): Promise<StoredInvoice[]> {
    const { tenantId, period, status } = filter;
    const rows = await client(tx).invoice.findMany({
      where: {
        ...(tenantId !== undefined && { tenantId }),
        ...(period !== undefined && { period }),
        ...(status !== undefined && { status }),
        ...(after !== null && {
          OR: [{ issuedAt: { lt: after.issuedAt } }, { issuedAt: after.issuedAt, id: { lt: after.id } }],
        }),
      },
      orderBy: [{ issuedAt: 'desc' }, { id: 'desc' }],
      take: limit,
      select: storedColumns,
    });
    return rows.map(storedInvoice);
  }

  /** In the order of their numbers, at most `limit`, behind `after`: for exports. */
  async ofMonth(
    tx: Tx,
    { period, tenantId, status }: InvoiceFilter & { readonly period: string },
    after: string | null,
    limit: number,
  ): Promise<StoredInvoice[]> {
    const rows = await client(tx).invoice.findMany({
      where: {
        period,
        ...(tenantId !== undefined && { tenantId }),
        ...(status !== undefined && { status }),
        ...(after !== null && { number: { gt: after } }),
      },
      orderBy: { number: 'asc' },
      take: limit,
      select: storedColumns,
    });
    return rows.map(storedInvoice);
  }

  /** What is still to be paid and was due before an instant, the longest due first. */
  async open(tx: Tx, dueBefore: Date, limit: number, tenantIds?: readonly string[]): Promise<StoredInvoice[]> {
    const rows = await client(tx).invoice.findMany({
      where: { status: 'issued', dueAt: { lt: dueBefore }, ...(tenantIds && { tenantId: { in: [...tenantIds] } }) },
      orderBy: [{ dueAt: 'asc' }, { id: 'asc' }],
      take: limit,
      select: storedColumns,
    });
    return rows.map(storedInvoice);
  }

  insert(tx: Tx, invoice: NewInvoice): Promise<void> {
    return this.insertAll(tx, [invoice]);
  }

  /** Two statements however many there are. */
  async insertAll(tx: Tx, invoices: readonly NewInvoice[]): Promise<void> {
    const heads = invoices.map(({ lines, ...head }) => ({ ...head, lineCount: lines.length }));
    await executeSql(
      tx,
      `INSERT INTO invoice (id, tenant_id, period, period_from, period_to, kind, status, issuer, year, sequence, number, currency,
         subtotal_minor, total_minor, credit_applied_minor, line_count, provisional, content, content_hash, buyer_encrypted,
         replaces_id, issued_at, due_at)
       SELECT "id", "tenantId", "period", "periodFrom", "periodTo", 'cycle', 'issued', "issuer", "year", "sequence", "number", "currency",
         "subtotalMinor", "totalMinor", "creditAppliedMinor", "lineCount", "provisional", "content", "contentHash", "buyerEncrypted",
         "replacesId", "issuedAt", "dueAt"
       FROM json_to_recordset($1::text::json) AS r("id" uuid, "tenantId" uuid, "period" text, "periodFrom" timestamptz,
         "periodTo" timestamptz, "issuer" text, "year" int, "sequence" int, "number" text, "currency" text, "subtotalMinor" bigint,
         "totalMinor" bigint, "creditAppliedMinor" bigint, "lineCount" int, "provisional" boolean, "content" text,
         "contentHash" text, "buyerEncrypted" text, "replacesId" uuid, "issuedAt" timestamptz, "dueAt" timestamptz)`,
      [json(heads)],
    );
    const lines = invoices.flatMap(({ id, lines }) =>
      lines.map((line, position) => ({ ...line, position, invoiceId: id })),
    );
    await executeSql(
      tx,
      `INSERT INTO invoice_line (invoice_id, position, line_id, kind, deployment_id, resource_kind, quantity, amount_minor, period_from, period_to)
       SELECT "invoiceId", "position", "lineId", "kind", "deploymentId", "resourceKind", "quantity", "amountMinor", "periodFrom", "periodTo"
       FROM json_to_recordset($1::text::json) AS r("invoiceId" uuid, "position" int, "lineId" text, "kind" text, "deploymentId" uuid,
         "resourceKind" text, "quantity" numeric, "amountMinor" bigint, "periodFrom" timestamptz, "periodTo" timestamptz)`,
      [json(lines)],
    );
  }

  /** Refused by the database when anything was paid on it or credited. */
  async void(tx: Tx, id: string, by: { at: Date; reason: string; replacedById: string | null }): Promise<void> {
    await client(tx).invoice.update({
      where: { id },
      data: { status: 'void', openMinor: 0n, voidedAt: by.at, voidReason: by.reason, replacedById: by.replacedById },
      select: { id: true },
    });
  }
}

/** JSON numbers would cut amounts: they travel as text. */
function json(rows: readonly object[]): string {
  return JSON.stringify(rows, (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value));
}

const client = (tx: Tx) => prismaOf<PrismaClient>(tx);
