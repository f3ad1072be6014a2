import { money, moneyToJson, orThrow, parseCurrency, type MoneyJson } from '@biplane/kernel';
import type { HashedBillJson } from '../billing/index.js';
import type { BuyerDetails, DocumentRef, InvoiceDocument } from './domain/invoice-document.js';
import type { Draft } from './drafts.store.js';
import type { StoredInvoice } from './stored-invoice.js';

/** What an invoice was settled with so far: `creditApplied + paid + what credit notes lowered + amountDue` is its total. */
export interface SettlementJson {
  readonly creditApplied: MoneyJson;
  readonly paid: MoneyJson;
  /** By credit notes in all: what they lowered of it, and what they gave to the balance. */
  readonly credited: MoneyJson;
  /** What is still to be paid. */
  readonly amountDue: MoneyJson;
}

/** An invoice as it is answered: what was issued, and what follows it. */
export type InvoiceJson = InvoiceDocument & {
  readonly buyer: InvoiceDocument['buyer'] & Partial<BuyerDetails>;
  readonly status: string;
  readonly contentHash: string;
  readonly settlement: SettlementJson;
  readonly paidAt: string | null;
  readonly voided: { readonly at: string; readonly reason: string; readonly replacedBy: DocumentRef | null } | null;
};

/** What issuing would store, computed now: no number, no status beyond `preview` or `draft`; a draft has an id. */
export type UnissuedJson = HashedBillJson & {
  readonly id: string | null;
  readonly number: null;
  readonly status: 'preview' | 'draft';
  readonly issuedAt: null;
  readonly dueAt: null;
  readonly contentHash: null;
};

export type DraftJson = UnissuedJson & {
  readonly id: string;
  readonly billedMonth: string;
  readonly computedAt: string;
};

const NOT_ISSUED = { number: null, issuedAt: null, dueAt: null, contentHash: null } as const;

export function previewJson(bill: HashedBillJson): UnissuedJson {
  return { ...bill, ...NOT_ISSUED, id: null, status: 'preview' };
}

export function draftJson({
  id,
  tenantId,
  period,
  content,
  computedAt,
}: Draft): DraftJson & { readonly tenantId: string } {
  const bill = JSON.parse(content) as HashedBillJson;
  return {
    ...bill,
    ...NOT_ISSUED,
    id,
    status: 'draft',
    tenantId,
    billedMonth: period,
    computedAt: computedAt.toISOString(),
  };
}

export function invoiceJson(invoice: StoredInvoice, details: BuyerDetails | null): InvoiceJson {
  const { content, contentHash, status, paidAt, voidedAt, voidReason, replacedBy } = invoice;
  const document = JSON.parse(content) as InvoiceDocument;
  return {
    ...document,
    buyer: { ...document.buyer, ...details },
    status,
    contentHash,
    settlement: settlementJson(invoice),
    paidAt: paidAt && paidAt.toISOString(),
    voided: voidedAt && { at: voidedAt.toISOString(), reason: voidReason ?? '', replacedBy },
  };
}

export function settlementJson(invoice: StoredInvoice): SettlementJson {
  const { creditAppliedMinor, paidMinor, creditedMinor, openMinor } = invoice;
  return {
    creditApplied: amountJson(creditAppliedMinor, invoice),
    paid: amountJson(paidMinor, invoice),
    credited: amountJson(creditedMinor, invoice),
    amountDue: amountJson(openMinor, invoice),
  };
}

/** An amount that the database holds in the currency of its row. */
export function amountJson(minor: bigint, { currency }: { readonly currency: string }): MoneyJson {
  return moneyToJson(money(minor, orThrow(parseCurrency(currency))));
}
