/** What a paper says in one language. Everything that stands on it and is not data is here. */
export interface Words {
  readonly invoice: string;
  readonly creditNote: string;
  readonly reminder: (level: string) => string;
  readonly billTo: string;
  readonly taxId: string;
  readonly number: string;
  readonly issued: string;
  readonly due: string;
  readonly sent: string;
  readonly period: string;
  readonly corrects: string;
  readonly description: string;
  readonly quantity: string;
  readonly unitPrice: string;
  readonly amount: string;
  readonly deployment: string;
  readonly subtotal: string;
  readonly total: string;
  readonly creditApplied: string;
  readonly paid: string;
  readonly amountDue: string;
  /** What a credit note gives back. */
  readonly credited: string;
  /** Of a credit note: what it lowers of its invoice, and what the tenant keeps for the next one. */
  readonly deducted: string;
  readonly toBalance: string;
  readonly reason: string;
  readonly howToPay: string;
  /** One sentence: by when, and what to quote. */
  readonly payBy: (date: string, number: string) => string;
  readonly payNow: (date: string, number: string) => string;
  readonly nothingToPay: string;
  readonly creditKept: string;
  readonly reminded: (level: string, number: string, date: string) => string;
  readonly reverseCharge: string;
  readonly provisional: string;
  readonly statement: StatementWords;
  readonly page: (page: string, of: string) => string;
  readonly date: (year: string, month: number, day: string) => string;
  readonly month: (year: string, month: number) => string;
}

/** What a member's statement says, and the mail that brings it. */
export interface StatementWords {
  readonly title: string;
  /** Before its id. */
  readonly reference: string;
  /** Before the name of whom it is for. */
  readonly to: string;
  readonly account: string;
  /** Before the sender's number in a public register. */
  readonly registration: string;
  readonly opening: string;
  readonly closing: string;
  readonly date: string;
  /** After each entry. */
  readonly balance: string;
  readonly kinds: Readonly<Record<EntryKind, string>>;
  readonly noEntries: string;
  readonly owed: string;
  readonly inFavor: string;
  /** One sentence, beside the file. */
  readonly letter: (sender: string, from: string, to: string) => string;
}

/** What moves a member's account. */
export type EntryKind = 'charge' | 'payment' | 'refund' | 'credit' | 'adjustment';

/** Months in a list of twelve, the first being January. */
export function nth(months: string): (month: number) => string {
  const names = months.split(' ');
  return (month) => names[month - 1] ?? String(month);
}
