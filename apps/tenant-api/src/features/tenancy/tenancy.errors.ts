import { declareErrors } from '@biplane/kernel';

export const TenancyErrors = declareErrors('TENANCY', {
  DEPLOYMENT_UNKNOWN: {
    status: 404,
    title: 'The deployment is not known here',
    help: 'This home holds no license for it. Check the id, and GET /internal/licenses.',
  },
  MOVED: { status: 421, title: 'The deployment is served elsewhere', help: 'Send the request to the address given.' },
  NOT_READY: {
    status: 503,
    title: 'The database of the deployment is not ready',
    help: 'It is being created or has failed; GET /internal/fleet says which. Try again shortly.',
  },
  BUSY: {
    status: 503,
    title: 'Too much is going on at once',
    help: 'No connection was free within 2 s, or another process works on this deployment. Try again shortly.',
  },
  FAILED: {
    status: 503,
    title: 'The database of the deployment could not be made ready',
    help: 'The reason is a code of the tenancy README; the work is tried again by itself where that can help.',
  },
});
