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
    help: 'The tenant had no subscription in this period. Ask for a later one.',
  },
});

export const InvoiceErrors = declareErrors('INVOICE', {
  NOT_FOUND: {
    status: 404,
    title: 'There is no such invoice',
    help: "Check the id; another tenant's invoice is not shown either.",
  },
});
