import type { MoneyJson } from '@biplane/kernel';

/**
 * What is put on paper, as a document of the platform holds it. Amounts, quantities and rates are decimal strings and
 * stay strings: nothing is computed here, so the paper cannot say another sum than the document.
 */
export interface PrintedDocument {
  readonly number: string;
  readonly issuer: PrintedIssuer;
  readonly buyer: PrintedBuyer;
  /** `2026-04`. */
  readonly billedMonth: string;
  /** Lines of an earlier one say of which month they are; without it none does. */
  readonly period?: { readonly from: string; readonly to: string } | undefined;
  readonly currency: string;
  readonly issuedAt: string;
  readonly dueAt: string | null;
  readonly provisional?: boolean;
  readonly lines: readonly PrintedLine[];
  readonly subtotal: MoneyJson;
  readonly taxes: readonly PrintedTax[];
  readonly total: MoneyJson;
}

export interface PrintedIssuer {
  readonly name: string;
  readonly address: readonly string[];
  readonly taxId: string | null;
  /** In whose days the dates of the paper are. */
  readonly timeZone: string;
  /** Where to pay to, line by line: bank, IBAN, BIC. */
  readonly payment?: readonly string[] | undefined;
}

export interface PrintedBuyer {
  readonly name: string;
  readonly country: string;
  /** BCP 47; labels, dates and numbers follow it. */
  readonly locale: string;
  readonly address?: readonly string[] | null | undefined;
  readonly taxId?: string | null | undefined;
}

export interface PrintedLine {
  readonly kind: string;
  readonly deployment: string | null;
  readonly description: string;
  /** Null where there is none to tell. */
  readonly quantity: string | null;
  readonly unitPrice: string | null;
  readonly amount: MoneyJson;
  readonly period: { readonly from: string; readonly to: string };
  readonly explanation: readonly {
    readonly text: string;
    readonly quantity: string | null;
    readonly amount: MoneyJson | null;
  }[];
}

export interface PrintedTax {
  readonly code: string;
  readonly rate: string | null;
  readonly base: MoneyJson | null;
  readonly amount: MoneyJson;
  /** The recipient owes it: the paper says so. */
  readonly reverseCharge?: boolean | undefined;
}

/** Which paper is made of the document. */
export type Paper =
  | { readonly kind: 'invoice' }
  | {
      readonly kind: 'credit_note';
      /** Number of the invoice that it corrects. */
      readonly corrects: string;
      readonly reason: string;
      /** Off what was open of the invoice. */
      readonly deducted: MoneyJson | null;
      readonly toBalance: MoneyJson | null;
    }
  | { readonly kind: 'reminder'; readonly level: number; /** When it was sent. */ readonly at: string };

/** What changed of the amount to pay since the document was issued; the document's own total never changes. */
export interface Settlement {
  /** From the tenant's balance. */
  readonly creditApplied: MoneyJson | null;
  readonly paid: MoneyJson | null;
  /** By credit notes, off what was open. */
  readonly credited: MoneyJson | null;
  readonly amountDue: MoneyJson;
}

export interface PaperOptions {
  readonly paper: Paper;
  /** SHA-256 of the document, hexadecimal: names the file inside, and stands at the foot of each page. */
  readonly contentHash: string;
  readonly settlement?: Settlement | undefined;
  /** Deployment, as lines name it → what people call it. */
  readonly deploymentNames?: ReadonlyMap<string, string> | undefined;
}
