import { declareErrors } from '@biplane/kernel';

export const BillingSettingsErrors = declareErrors('BILLING_SETTINGS', {
  NOT_FOUND: { status: 404, title: 'There is no such tenant', help: 'GET /tenants lists those that you may see.' },
  INVALID: {
    status: 422,
    title: 'The billing settings are not valid',
    help: 'Correct the members that `errors` names; nothing was changed.',
  },
  CURRENCY_FIXED: {
    status: 422,
    title: 'The currency of a tenant does not change',
    help: 'A tenant is subscribed from its creation on, and its prices are in this currency. Create a tenant in the other one.',
  },
  CARD_DATA: {
    status: 422,
    title: 'Card data is not taken',
    help: "Send the payment provider's token. What looks like a card number was neither stored nor logged.",
  },
});
