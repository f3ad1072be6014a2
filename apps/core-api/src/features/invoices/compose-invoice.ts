import { createHash } from 'node:crypto';
import { canonicalJson, decimalToString, money, moneyToJson, type InvoiceId, type TenantId } from '@biplane/kernel';
import type { MonthlyBill } from '../billing/index.js';
import type { NewInvoice } from './invoices.store.js';
import {
  dueAt,
  invoiceNumber,
  type Buyer,
  type DocumentRef,
  type InvoiceDocument,
  type Issuer,
  type Opening,
} from './domain/invoice-document.js';

export interface ComposedFrom {
  readonly id: string;
  readonly tenantId: TenantId;
  readonly month: string;
  readonly bill: MonthlyBill;
  readonly provisional: boolean;
  readonly issuer: Issuer;
  readonly buyer: Buyer;
  /** The details of the buyer, sealed for the row of this id. */
  readonly buyerEncrypted: string | null;
  readonly dueDays: number;
  readonly replaces: DocumentRef | null;
  readonly year: number;
  readonly sequence: number;
  readonly opening: Opening;
  readonly now: Date;
}

/** The document of a bill, and its row. Pure: the same facts under the same number give the same bytes. */
export function composeInvoice(from: ComposedFrom): NewInvoice {
  const { bill, tenantId, month, now, replaces, opening, issuer } = from;
  const { currency } = bill.bill;
  const head = {
    id: from.id as InvoiceId,
    number: invoiceNumber(from.year, from.sequence),
    issuedAt: now,
    dueAt: dueAt(now, from.dueDays),
    currency,
    provisional: from.provisional,
  };
  const document: InvoiceDocument = {
    ...bill.json,
    ...head,
    kind: 'cycle',
    issuer,
    buyer: from.buyer,
    billedMonth: month,
    period: { from: bill.period.from.toISOString(), to: bill.period.to.toISOString() },
    issuedAt: head.issuedAt.toISOString(),
    dueAt: head.dueAt.toISOString(),
    atIssue: {
      creditApplied: moneyToJson(money(opening.creditApplied, currency)),
      amountDue: moneyToJson(money(opening.due, currency)),
    },
    ...(replaces && { replaces }),
  };
  const content = canonicalJson(document);
  return {
    ...head,
    tenantId,
    period: month,
    periodFrom: bill.period.from,
    periodTo: bill.period.to,
    issuer: issuer.code,
    year: from.year,
    sequence: from.sequence,
    subtotalMinor: bill.bill.subtotal.minor,
    totalMinor: bill.bill.total.minor,
    creditAppliedMinor: opening.creditApplied,
    content,
    contentHash: createHash('sha256').update(content).digest('hex'),
    buyerEncrypted: from.buyerEncrypted,
    replacesId: replaces?.id ?? null,
    lines: linesOf(bill),
  };
}

function linesOf({ bill }: MonthlyBill): NewInvoice['lines'] {
  return bill.lines.map((line) => ({
    lineId: line.id,
    kind: line.kind,
    deploymentId: line.deployment,
    resourceKind: line.resourceKind,
    quantity: decimalToString(line.quantity),
    amountMinor: line.amount.minor,
    periodFrom: line.period.from,
    periodTo: line.period.to,
  }));
}
