import type { MoneyJson } from '@biplane/kernel';
import type { BillJson } from '@biplane/pricing';

/** Who sends the invoice. From ISSUER_FILE. */
export interface Issuer {
  readonly code: string;
  readonly name: string;
  readonly address: readonly string[];
  /** Decides in which year a number is taken. */
  readonly timeZone: string;
  readonly taxId: string | null;
  /** How to pay, line by line as it is printed: bank, IBAN, BIC. */
  readonly payment?: readonly string[];
}

/** Of the tenant as it was when the document was issued. */
export interface BuyerDetails {
  readonly address: readonly string[] | null;
  readonly taxId: string | null;
}

export interface Buyer {
  readonly tenantId: string;
  readonly name: string;
  readonly country: string;
  readonly locale: string;
  /** SHA-256 of the details, which are kept encrypted beside the document: so its hash holds for them too. */
  readonly detailsHash?: string;
}

/** Another document by its id and number. */
export interface DocumentRef {
  readonly id: string;
  readonly number: string;
}

/** Everything that the paper would say. What is hashed, stored and never changed is the canonical JSON of this. */
export interface InvoiceDocument extends BillJson {
  readonly id: string;
  readonly number: string;
  readonly kind: 'cycle';
  readonly issuer: Issuer;
  readonly buyer: Buyer;
  readonly billedMonth: string;
  readonly period: { readonly from: string; readonly to: string };
  readonly currency: string;
  readonly issuedAt: string;
  readonly dueAt: string;
  /** True when the cut-off passed before every home had closed its hours. */
  readonly provisional: boolean;
  readonly inputHash: string;
  /** What of the tenant's balance was used, and what was left to pay, when it was issued. The total is not altered by it. */
  readonly atIssue?: { readonly creditApplied: MoneyJson; readonly amountDue: MoneyJson };
  /** The void invoice of the same month in whose place it stands. */
  readonly replaces?: DocumentRef;
}

/** `INV-2026-000042`: unique and gapless per issuer and year. */
export function invoiceNumber(year: number, sequence: number): string {
  return documentNumber('INV', year, sequence);
}

/** `CN-2026-000042`: credit notes count for themselves. */
export function creditNoteNumber(year: number, sequence: number): string {
  return documentNumber('CN', year, sequence);
}

function documentNumber(prefix: string, year: number, sequence: number): string {
  return `${prefix}-${year}-${String(sequence).padStart(6, '0')}`;
}

export function dueAt(issuedAt: Date, dueDays: number): Date {
  return new Date(issuedAt.getTime() + dueDays * 24 * 3_600_000);
}

/** Of an invoice as it is issued: what it takes of the balance, what it gives to it, and what is left to pay. */
export interface Opening {
  readonly creditApplied: bigint;
  readonly toBalance: bigint;
  readonly due: bigint;
}

/** A total above zero uses the balance first; one below zero becomes a balance, and nothing is due. */
export function openingOf(totalMinor: bigint, balanceMinor: bigint): Opening {
  if (totalMinor < 0n) return { creditApplied: 0n, toBalance: -totalMinor, due: 0n };
  const creditApplied = balanceMinor < totalMinor ? balanceMinor : totalMinor;
  return { creditApplied, toBalance: 0n, due: totalMinor - creditApplied };
}

/** With nothing to pay it is issued and paid at once. */
export function statusAtIssue(dueMinor: bigint): 'issued' | 'paid' {
  return dueMinor === 0n ? 'paid' : 'issued';
}
