import type { MoneyJson } from '@biplane/kernel';
import type { Buyer, InvoiceDocument, Issuer } from './invoice-document.js';

/** Everything that the paper would say. Amounts are what is credited: above zero, but for lines that were below it. */
export interface CreditNoteDocument {
  readonly id: string;
  readonly number: string;
  readonly kind: 'credit_note';
  readonly cause: 'manual' | 'late_usage';
  readonly reason: string;
  readonly invoice: { readonly id: string; readonly number: string; readonly issuedAt: string };
  readonly issuer: Issuer;
  readonly buyer: Buyer;
  readonly billedMonth: string;
  readonly currency: string;
  readonly issuedAt: string;
  readonly lines: readonly CreditNoteLineJson[];
  readonly subtotal: MoneyJson;
  readonly taxes: readonly { readonly code: string; readonly amount: MoneyJson }[];
  readonly total: MoneyJson;
  /** What it lowered of the open amount of its invoice. */
  readonly appliedToInvoice: MoneyJson;
  /** What was paid already, and is now with the tenant's balance. */
  readonly toBalance: MoneyJson;
}

export interface CreditNoteLineJson {
  /** The `id` of the line of the invoice. */
  readonly lineId: string;
  readonly kind: string;
  readonly deployment: string | null;
  readonly resourceKind: string;
  readonly description: string;
  /** By how much less was used; zero where the amount alone is credited. */
  readonly quantity: string;
  readonly amount: MoneyJson;
  readonly period: { readonly from: string; readonly to: string };
}

export interface CreditedDocumentLine {
  readonly position: number;
  readonly quantity: string;
  readonly amount: MoneyJson;
}

/** The lines of a credit note as its invoice called them. */
export function creditNoteLines(
  invoice: InvoiceDocument,
  credited: readonly CreditedDocumentLine[],
): CreditNoteLineJson[] {
  return credited.map(({ position, quantity, amount }) => {
    const line = invoice.lines[position];
    if (line === undefined) throw new Error(`The invoice ${invoice.number} has no line at ${position}`);
    const { id, kind, deployment, resourceKind, description, period } = line;
    return { lineId: id, kind, deployment, resourceKind, description, quantity, amount, period };
  });
}
