import { declareErrors } from '@biplane/kernel';

export const BillingJobErrors = declareErrors('BILLING_RUN', {
  UNKNOWN: { status: 404, title: 'There is no such run', help: 'List runs with GET /api/v1/billing-runs.' },
  UNDER_WAY: {
    status: 409,
    title: 'A run of this kind is under way',
    help: '`runId` names it: follow it with GET /api/v1/billing-runs/{id}.',
  },
});
