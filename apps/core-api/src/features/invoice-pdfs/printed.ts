import { decimalToString, orThrow, parseDecimal, subtractDecimal, type MoneyJson } from '@biplane/kernel';
import type { PaperOptions, PrintedDocument, Settlement } from '@biplane/invoice-pdf';
import type { InvoiceJson } from '../invoices/index.js';

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
    document: invoice,
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
    document: invoice,
    options: {
      paper: { kind: 'reminder', level: reminder.level, at: reminder.at.toISOString() },
      contentHash: invoice.contentHash,
      settlement: settlementNow(invoice),
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

const decimalOf = (amount: string) => orThrow(parseDecimal(amount, { allowNegative: true }));

function aboveZero(amount: MoneyJson): MoneyJson | null {
  return /[1-9]/.test(amount.amount) && !amount.amount.startsWith('-') ? amount : null;
}
