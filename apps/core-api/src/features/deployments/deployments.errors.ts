import { declareErrors } from '@biplane/kernel';

export const DeploymentErrors = declareErrors('DEPLOYMENT', {
  NOT_FOUND: {
    status: 404,
    title: 'There is no such deployment',
    help: 'GET /deployments lists those that you may see.',
  },
  SLUG_TAKEN: {
    status: 409,
    title: 'The tenant has a deployment of this slug',
    help: 'Slugs of a tenant’s deployments are unique for ever: choose another one.',
  },
  TRANSITION_FORBIDDEN: {
    status: 422,
    title: 'The deployment cannot go to this state from where it is',
    help: 'Choose one of `allowed`.',
  },
  SUSPENSION_HOLDS: {
    status: 422,
    title: 'Something else keeps the deployment suspended',
    help: 'Lift what `causes` names: a tenant is resumed with POST /tenants/{id}/resume.',
  },
});
