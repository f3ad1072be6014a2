/** Bills and invoices as core-api answers them, as far as the demo looks. */

export interface Money {
  readonly amount: string;
  readonly currency: string;
}

export interface Line {
  readonly kind: string;
  readonly deployment: string | null;
  readonly description: string;
  readonly quantity: string;
  readonly unitPrice: string | null;
  readonly amount: Money;
  readonly period: { readonly from: string; readonly to: string };
}

export interface Bill {
  readonly lines: readonly Line[];
  readonly subtotal: Money;
  readonly taxes: readonly { readonly amount: Money }[];
  readonly total: Money;
}

export interface Invoice extends Bill {
  readonly id: string;
  readonly number: string;
  readonly status: string;
  readonly contentHash: string;
}
