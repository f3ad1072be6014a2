import { declareErrors } from '@biplane/kernel';

export const SubscriptionErrors = declareErrors('SUBSCRIPTION', {
  CURRENCY_MISMATCH: {
    status: 422,
    title: 'The currencies differ',
    help: 'A tenant is billed in one currency: choose a plan and add-ons in it.',
  },
  ADDON_REPEATED: { status: 422, title: 'The add-on stands there twice', help: 'Name it once, with its quantity.' },
  QUANTITY_INVALID: {
    status: 422,
    title: 'The quantity of the add-on is not valid',
    help: 'Send a decimal string above zero, with at most 12 decimals and 30 digits.',
  },
});
