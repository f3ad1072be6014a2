import { decimalToString, orThrow, parseDecimal, subtractDecimal, type MoneyJson } from '@biplane/kernel';
import type { PaperOptions, PrintedDocument, Settlement } from '@biplane/invoice-pdf';
import type { CreditNoteJson, InvoiceJson } from '../invoices/index.js';

/** What a paper is made of: all of it fixed with the document, but for the deployments' names. */
export interface Printing {
  readonly document: PrintedDocument;
  readonly options: PaperOptions;
}

/** The invoice as it was issued, whatever was paid or credited since. */
export function printedInvoice(invoice: InvoiceJson, deploymentNames: ReadonlyMap<string, string>): Printing {
  const { atIssue } = invoice;
  const settlement = atIssue && {
    creditApplied: aboveZero(atIssue.creditApplied),
    paid: null,
    credited: null,
    amountDue: atIssue.amountDue,
  };
  return {
    document: withReverseCharge(invoice),
    options: { paper: { kind: 'invoice' }, contentHash: invoice.contentHash, settlement, deploymentNames },
  };
}

/** The same lines under another title, with what is open at that moment. */
export function printedReminder(
  invoice: InvoiceJson,
  reminder: { readonly level: number; readonly at: Date },
  deploymentNames: ReadonlyMap<string, string>,
): Printing {
  return {
    document: withReverseCharge(invoice),
    options: {
      paper: { kind: 'reminder', level: reminder.level, at: reminder.at.toISOString() },
      contentHash: invoice.contentHash,
      settlement: settlementNow(invoice),
      deploymentNames,
    },
  };
}

export function printedCreditNote(note: CreditNoteJson, deploymentNames: ReadonlyMap<string, string>): Printing {
  const { lines, taxes, invoice, reason, appliedToInvoice, toBalance } = note;
  return {
    document: {
      ...note,
      dueAt: null,
      lines: lines.map((line) => ({
        ...line,
        // Zero says that the amount alone is credited.
        quantity: /[1-9]/.test(line.quantity) ? line.quantity : null,
        unitPrice: null,
        explanation: [],
      })),
      taxes: taxes.map((tax) => ({ ...tax, rate: null, base: null })),
    },
    options: {
      paper: {
        kind: 'credit_note',
        corrects: invoice.number,
        reason,
        deducted: aboveZero(appliedToInvoice),
        toBalance: aboveZero(toBalance),
      },
      contentHash: note.contentHash,
      deploymentNames,
    },
  };
}

/** What credit notes took off the invoice is what is missing to its total; the rest of them went to the balance. */
function settlementNow({ total, settlement }: InvoiceJson): Settlement {
  const { creditApplied, paid, amountDue } = settlement;
  const known = [creditApplied, paid, amountDue].map(({ amount }) => decimalOf(amount));
  const credited = known.reduce(subtractDecimal, decimalOf(total.amount));
  const exponent = total.amount.split('.')[1]?.length ?? 0;
  return {
    creditApplied: aboveZero(creditApplied),
    paid: aboveZero(paid),
    credited: aboveZero({ amount: decimalToString(credited, exponent), currency: total.currency }),
    amountDue,
  };
}

/** A bill says it in the explanation of its tax line; the paper says it in the tenant's language. */
function withReverseCharge(invoice: InvoiceJson): PrintedDocument {
  const reversed = new Set(
    invoice.lines
      .filter(({ kind, explanation }) => kind === 'tax' && explanation.some(({ text }) => reverseCharge.test(text)))
      .map(({ resourceKind }) => resourceKind),
  );
  return { ...invoice, taxes: invoice.taxes.map((tax) => ({ ...tax, reverseCharge: reversed.has(tax.code) })) };
}

const reverseCharge = /^reverse charge:/;

const decimalOf = (amount: string) => orThrow(parseDecimal(amount, { allowNegative: true }));

function aboveZero(amount: MoneyJson): MoneyJson | null {
  return /[1-9]/.test(amount.amount) && !amount.amount.startsWith('-') ? amount : null;
}
