import type { BillJson } from '@biplane/pricing';

/** Who sends the invoice. From ISSUER_FILE. */
export interface Issuer {
  readonly code: string;
  readonly name: string;
  readonly address: readonly string[];
  /** Decides in which year a number is taken. */
  readonly timeZone: string;
  readonly taxId: string | null;
}

export interface Buyer {
  readonly tenantId: string;
  readonly name: string;
  readonly country: string;
  readonly locale: string;
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
}

export const paymentTermDays = 14;

/** `INV-2026-000042`: unique and gapless per issuer and year. */
export function invoiceNumber(year: number, sequence: number): string {
  return `INV-${year}-${String(sequence).padStart(6, '0')}`;
}

export function dueAt(issuedAt: Date): Date {
  return new Date(issuedAt.getTime() + paymentTermDays * 24 * 3_600_000);
}

/** A zero total asks for no payment: it is issued and paid at once. */
export function statusAtIssue(totalMinor: bigint): 'issued' | 'paid' {
  return totalMinor === 0n ? 'paid' : 'issued';
}
