import { declareErrors } from '@biplane/kernel';

export const PolicyErrors = declareErrors('POLICY', {
  MODULE_NOT_IN_PLAN: {
    status: 422,
    title: 'The subscription has no such module',
    help: 'Choose one of `allowed`, or change the plan.',
  },
  OVERRIDE_INVALID: {
    status: 422,
    title: 'The override cannot be enforced',
    help: 'Name a meter of the catalog and a cap of zero or more, a strategy, or both; throttle needs a rate of the plan.',
  },
  FLAG_INVALID: {
    status: 422,
    title: 'The flag cannot be set',
    help: 'Flags are codes of lower-case letters, digits and single underscores, at most 100 of one deployment.',
  },
  UNTIL_PAST: { status: 422, title: 'It would have ended already', help: 'Send an `until` ahead of now, or none.' },
  NOT_FOUND: { status: 404, title: 'Nothing of the kind holds', help: 'GET the policy shows what does.' },
  DEPLOYMENT_ENDED: { status: 422, title: 'The deployment has ended', help: 'An archived deployment never changes.' },
});
