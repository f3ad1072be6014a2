import { declareErrors } from '@biplane/kernel';

export const FinancialErrors = declareErrors('FINANCIALS', {
  ACCOUNT_UNKNOWN: {
    status: 404,
    title: 'There is no such account',
    help: 'List accounts with GET /api/v1/accounts; one is opened for a member and a currency with POST.',
  },
  ACCOUNT_EXISTS: {
    status: 409,
    title: 'The member has an account in this currency',
    help: 'Use the account that `accountId` names.',
  },
  MEMBER_UNKNOWN: {
    status: 422,
    title: 'There is no such member',
    help: 'List members with GET /api/v1/members; an erased one takes no account.',
  },
  CURRENCY_MISMATCH: {
    status: 422,
    title: 'The amount is in another currency than the account',
    help: "Give the amount in the account's currency, or open an account in the other one.",
  },
  AMOUNT_INVALID: {
    status: 422,
    title: 'The amount cannot be booked',
    help: 'An amount is above zero with at most the decimals of its currency; only an adjustment may be below zero.',
  },
  REFUND_EXCEEDS_PAYMENTS: {
    status: 422,
    title: 'The refund is more than was paid',
    help: '`refundable` says what was paid on the account and not paid back. What is given beyond that is a credit or an adjustment.',
  },
  PRODUCT_UNKNOWN: {
    status: 422,
    title: 'There is no such product',
    help: 'List products with GET /api/v1/products; an archived one takes no new items.',
  },
  PRODUCT_EXISTS: {
    status: 409,
    title: 'The code is taken',
    help: 'Choose another code, or use the product that has it.',
  },
  EXTERNAL_ID_TAKEN: {
    status: 409,
    title: 'Another item has the external id',
    help: 'An external id names one item: send the item with one of its own, or use the item that has it.',
  },
  ITEM_UNKNOWN: { status: 404, title: 'There is no such item', help: 'List items with GET /api/v1/items.' },
  ITEM_INVALID: {
    status: 422,
    title: 'The item cannot be charged for',
    help: 'It starts at or after its anchor, ends after it starts, and its quantity is above zero.',
  },
  ITEM_CHARGED_BEYOND: {
    status: 422,
    title: 'The item is charged beyond that day',
    help: 'End it where its charged periods end, or later, and give back what was charged too much as a credit.',
  },
  PERIOD_UNKNOWN: {
    status: 404,
    title: 'There is no such skipped period',
    help: 'List them with GET /api/v1/financials/skipped-periods.',
  },
  PERIOD_DECIDED: {
    status: 409,
    title: 'The period is decided',
    help: 'A period is decided once; what was charged is corrected by a credit or an adjustment.',
  },
});
