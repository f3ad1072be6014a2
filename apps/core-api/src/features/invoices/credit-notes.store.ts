import { Injectable } from '@nestjs/common';
import type { Period } from '@biplane/billing-calendar';
import { prismaOf, querySql, type Tx } from '@biplane/service-kit';
import type { PrismaClient } from '@biplane/prisma-core';
import type { CreditableLine } from './domain/credit.js';

export type CreditCause = 'manual' | 'late_usage';

export interface NewCreditNote {
  readonly id: string;
  readonly invoiceId: string;
  readonly tenantId: string;
  readonly issuer: string;
  readonly year: number;
  readonly sequence: number;
  readonly number: string;
  readonly cause: CreditCause;
  readonly currency: string;
  readonly subtotalMinor: bigint;
  readonly totalMinor: bigint;
  /** What it lowers of the open amount of its invoice; the rest goes to the balance. */
  readonly appliedMinor: bigint;
  readonly balanceMinor: bigint;
  /** Canonical JSON of the whole document. */
  readonly content: string;
  readonly contentHash: string;
  readonly issuedAt: Date;
  readonly lines: readonly NewCreditNoteLine[];
}

export interface NewCreditNoteLine {
  readonly invoicePosition: number;
  readonly quantity: string;
  readonly amountMinor: bigint;
}

export interface StoredCreditNote {
  readonly id: string;
  readonly invoiceId: string;
  readonly tenantId: string;
  readonly content: string;
  readonly contentHash: string;
  readonly buyerEncrypted: string | null;
}

/** A line for the usage of one meter of one deployment, on whichever invoice it stands. */
export interface UsageLine extends CreditableLine {
  readonly invoiceId: string;
}

@Injectable()
export class CreditNotesStore {
  /** The lines of an invoice in their order. Under the lock of the account nobody credits meanwhile. */
  async creditable(tx: Tx, invoiceId: string): Promise<CreditableLine[]> {
    const rows = await querySql<Omit<CreditableLine, 'creditedMinor'> & { creditedMinor: string }>(
      tx,
      `SELECT l.position, l.line_id AS "lineId", l.kind, l.amount_minor AS "amountMinor",
              coalesce((SELECT sum(c.amount_minor) FROM credit_note_line c
                WHERE c.invoice_id = l.invoice_id AND c.invoice_position = l.position), 0)::text AS "creditedMinor"
       FROM invoice_line l WHERE l.invoice_id = $1::uuid ORDER BY l.position`,
      [invoiceId],
    );
    return rows.map((row) => ({ ...row, creditedMinor: BigInt(row.creditedMinor) }));
  }

  /**
   * What was invoiced for some usage and can be credited; that period's own invoice first. Last the other lines of the same
   * name: less usage may leave a discount or a commitment to them that lowers what they come to.
   */
  async usageLines(
    tx: Tx,
    of: { readonly tenantId: string; readonly deploymentId: string; readonly meter: string; readonly period: Period },
  ): Promise<{ invoiceId: string; lineId: string }[]> {
    return querySql(
      tx,
      `SELECT i.id::text AS "invoiceId", l.line_id AS "lineId" FROM invoice i JOIN invoice_line l ON l.invoice_id = i.id
       WHERE i.tenant_id = $1::uuid AND i.status <> 'void' AND l.kind NOT IN ('setup', 'credit', 'tax') AND l.amount_minor > 0
         AND l.deployment_id = $2::uuid AND l.resource_kind = $3
         AND coalesce(l.period_from, i.period_from) = $4::timestamptz AND coalesce(l.period_to, i.period_to) = $5::timestamptz
       ORDER BY l.kind IN ('overage', 'adjustment') DESC, i.period_from, l.position`,
      [of.tenantId, of.deploymentId, of.meter, of.period.from.toISOString(), of.period.to.toISOString()],
    );
  }

  async insert(tx: Tx, { lines, ...head }: NewCreditNote): Promise<void> {
    const { id, invoiceId } = head;
    await client(tx).creditNote.create({ data: { ...head, lineCount: lines.length }, select: { id: true } });
    await client(tx).creditNoteLine.createMany({
      data: lines.map((line, position) => ({ ...line, position, creditNoteId: id, invoiceId })),
    });
  }

  async find(tx: Tx, id: string): Promise<StoredCreditNote | null> {
    const row = await client(tx).creditNote.findUnique({ where: { id }, select: columns });
    return row && flat(row);
  }

  /** Newest first, at most `limit`, behind the one of id `before`: ids rise with time. */
  async list(tx: Tx, invoiceId: string, before: string | null, limit: number): Promise<StoredCreditNote[]> {
    const rows = await client(tx).creditNote.findMany({
      where: { invoiceId, ...(before !== null && { id: { lt: before } }) },
      orderBy: { id: 'desc' },
      take: limit,
      select: columns,
    });
    return rows.map(flat);
  }
}

const columns = {
  id: true,
  invoiceId: true,
  tenantId: true,
  content: true,
  contentHash: true,
  invoice: { select: { buyerEncrypted: true } },
} as const;

type Row = Omit<StoredCreditNote, 'buyerEncrypted'> & { readonly invoice: { readonly buyerEncrypted: string | null } };

function flat({ invoice, ...row }: Row): StoredCreditNote {
  return { ...row, buyerEncrypted: invoice.buyerEncrypted };
}

const client = (tx: Tx) => prismaOf<PrismaClient>(tx);
