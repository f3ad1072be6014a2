import { declareErrors } from '@biplane/kernel';

export const SubscriptionErrors = declareErrors('SUBSCRIPTION', {
  CURRENCY_MISMATCH: {
    status: 422,
    title: 'The currencies differ',
    help: 'A tenant is billed in one currency: choose a plan and add-ons in it.',
  },
  ADDON_REPEATED: { status: 422, title: 'The add-on stands there twice', help: 'Name it once, with its quantity.' },
  ADDON_ATTACHED: {
    status: 422,
    title: 'The add-on is attached already',
    help: 'PUT /deployments/{id}/addons/{code} changes its quantity.',
  },
  ADDON_NOT_ATTACHED: {
    status: 404,
    title: 'No such add-on is attached',
    help: 'GET /deployments/{id} lists those that are.',
  },
  ADDONS_TOO_MANY: { status: 422, title: 'Too many add-ons', help: 'Detach one that is not needed any more.' },
  NONE: {
    status: 422,
    title: 'The deployment has no subscription yet',
    help: 'POST /deployments/{id}/subscribe starts one.',
  },
  PLAN_NEEDS_CONTAINER: {
    status: 422,
    title: 'The plan includes a container that the deployment does not have',
    help: 'Move it to a container of its own first with POST /deployments/{id}/move, create the deployment with this plan, or choose one without dedicated compute.',
  },
  ALREADY: {
    status: 422,
    title: 'The deployment has its subscription',
    help: 'Change its plan, or its term: `subscriptionId` names it.',
  },
  NOT_FOUND: {
    status: 404,
    title: 'There is no such subscription',
    help: 'GET /billing/subscriptions lists those that you may see.',
  },
  MODE_UNSUPPORTED: {
    status: 422,
    title: 'The plan cannot be changed in this way',
    help: 'Choose one of `allowed`: inside a period a plan changes only to one of a higher rank.',
  },
  ENDED: {
    status: 422,
    title: 'The subscription has ended',
    help: 'A cancelled or ended subscription has no next period; create a new one.',
  },
  PLAN_UNCHANGED: { status: 422, title: 'It has this plan', help: 'Choose another plan or another version of it.' },
  TERM_INVALID: {
    status: 422,
    title: 'The term cannot be set',
    help: 'Start and end lie ahead of now, the end after the start; what was charged is not moved.',
  },
  QUANTITY_INVALID: {
    status: 422,
    title: 'The quantity of the add-on is not valid',
    help: 'Send a decimal string above zero, with at most 12 decimals and 30 digits.',
  },
});
