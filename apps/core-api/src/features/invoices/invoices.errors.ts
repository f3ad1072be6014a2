import { declareErrors } from '@biplane/kernel';

export const BillingErrors = declareErrors('BILLING', {
  PERIOD_OPEN: {
    status: 422,
    title: 'The period cannot be invoiced yet',
    help: "A period is invoiced after it has ended in the tenant's zone, once every home has closed its hours or the cut-off has passed. `members.opensAt` says when that is at the latest.",
  },
  AMOUNT_TOO_LARGE: {
    status: 422,
    title: 'The bill is larger than an invoice can be',
    help: 'An amount has more digits than any account could settle: look for wrong usage or a wrong price first.',
  },
  NOTHING_TO_BILL: {
    status: 422,
    title: 'The tenant owes nothing for this period',
    help: 'The tenant had no subscription in this period, or was on trial or suspended all through it. Ask for a later one.',
  },
});

export const InvoiceErrors = declareErrors('INVOICE', {
  NOT_FOUND: {
    status: 404,
    title: 'There is no such invoice',
    help: "Check the id; another tenant's invoice is not shown either.",
  },
  ALREADY_ISSUED: {
    status: 422,
    title: 'The month is invoiced already',
    help: 'A month that is invoiced has no draft. Look at the invoice, or issue it with `force` to void and replace it.',
  },
  NOT_A_DRAFT: {
    status: 422,
    title: 'Only a draft can be deleted',
    help: 'An issued invoice is voided, or credited once it is paid; nothing of it is ever deleted.',
  },
  NOT_VOIDABLE: {
    status: 422,
    title: 'The invoice cannot be voided any more',
    help: 'An invoice that is paid, in part or whole, or credited stays: issue a credit note, and late usage is corrected by the next invoice. Where a later invoice corrects its usage, void that one first.',
  },
  NOT_PAYABLE: {
    status: 422,
    title: 'Nothing is to be paid on the invoice',
    help: 'It is paid or void. Look whether the money was for another invoice of the tenant.',
  },
  PAYMENT_REFERENCE_USED: {
    status: 422,
    title: 'The payment was recorded before, as something else',
    help: "A provider's reference names one payment of one invoice and one amount. Look at the payments of `members.invoiceId`.",
  },
  CARD_DATA_REFUSED: {
    status: 422,
    title: 'A card number cannot be kept here',
    help: "Give the payment provider's own reference of the payment, never the number of a card.",
  },
  CURRENCY_MISMATCH: {
    status: 422,
    title: 'The amount is in another currency than the invoice',
    help: 'Give the amount in the currency of the invoice: nothing is converted.',
  },
  PAYMENT_IN_FUTURE: {
    status: 422,
    title: 'The payment has not happened yet',
    help: 'Record a payment once it was received.',
  },
  NOT_CREDITABLE: {
    status: 422,
    title: 'Nothing of the invoice can be credited',
    help: 'It is void, came to nothing, or was credited as a whole before.',
  },
  CREDIT_TOO_LARGE: {
    status: 422,
    title: 'More would be credited than is left',
    help: 'An invoice, and each of its lines, is credited up to what it came to. `members.remaining` says what is left.',
  },
  LINE_UNKNOWN: {
    status: 422,
    title: 'The invoice has no such line',
    help: 'Name lines by their `id`; the tax of a line is credited with it and cannot be named.',
  },
  CREDIT_NOTE_NOT_FOUND: {
    status: 404,
    title: 'There is no such credit note',
    help: "Check the id; another tenant's credit note is not shown either.",
  },
});
