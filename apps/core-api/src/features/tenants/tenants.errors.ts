import { declareErrors } from '@biplane/kernel';

export const TenantErrors = declareErrors('TENANT', {
  SLUG_TAKEN: { status: 409, title: 'The slug is taken', help: 'Slugs are unique for ever: choose another one.' },
  NOT_FOUND: { status: 404, title: 'There is no such tenant', help: 'GET /tenants lists those that you may see.' },
  SUSPENDED: {
    status: 422,
    title: 'The tenant is suspended',
    help: 'POST /tenants/{id}/resume first: nothing new is begun for a tenant that is stopped.',
  },
  RETIRED: {
    status: 422,
    title: 'The tenant is retired, or is being retired',
    help: 'Nothing begins or goes on for it any more: a customer who comes back is a new tenant.',
  },
  BILLING_INVALID: {
    status: 422,
    title: 'The billing settings are not valid',
    help: 'Send an ISO 4217 currency and an IANA time zone that the platform knows.',
  },
  RESIDENCY_MISMATCH: {
    status: 422,
    title: 'The region does not keep data where it is asked to stay',
    help: 'Choose a region of that residency; GET /regions shows each.',
  },
  REQUIREMENTS_INVALID: {
    status: 422,
    title: 'The requirements are not valid',
    help: 'Correct the fields that `errors` names: quantities are decimal strings that are not negative.',
  },
});
