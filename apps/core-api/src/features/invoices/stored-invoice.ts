import type { InvoiceId, TenantId } from '@biplane/kernel';
import type { DocumentRef } from './domain/invoice-document.js';

/** An issued invoice: its fixed content, and what follows payments, credit notes and voiding. */
export interface StoredInvoice {
  readonly id: InvoiceId;
  readonly tenantId: TenantId;
  readonly period: string;
  readonly number: string;
  readonly status: 'issued' | 'paid' | 'void';
  readonly currency: string;
  readonly totalMinor: bigint;
  /** Of the tenant's balance, when it was issued. */
  readonly creditAppliedMinor: bigint;
  readonly paidMinor: bigint;
  readonly creditedMinor: bigint;
  readonly openMinor: bigint;
  readonly issuedAt: Date;
  readonly dueAt: Date;
  readonly paidAt: Date | null;
  readonly voidedAt: Date | null;
  readonly voidReason: string | null;
  readonly replacedBy: DocumentRef | null;
  /** Canonical JSON of the whole document. */
  readonly content: string;
  readonly contentHash: string;
  readonly buyerEncrypted: string | null;
}

export const storedColumns = {
  id: true,
  tenantId: true,
  period: true,
  number: true,
  status: true,
  currency: true,
  totalMinor: true,
  creditAppliedMinor: true,
  paidMinor: true,
  creditedMinor: true,
  openMinor: true,
  issuedAt: true,
  dueAt: true,
  paidAt: true,
  voidedAt: true,
  voidReason: true,
  replacedBy: { select: { id: true, number: true } },
  content: true,
  contentHash: true,
  buyerEncrypted: true,
} as const;

/** The ids and the status are what the database checked when they were written. */
export function storedInvoice(
  row: Omit<StoredInvoice, 'id' | 'tenantId' | 'status'> & { id: string; tenantId: string; status: string },
): StoredInvoice {
  return row as StoredInvoice;
}
