import { declareErrors } from '@biplane/kernel';

export const RetirementErrors = declareErrors('RETIREMENT', {
  NONE: {
    status: 404,
    title: 'The deployment is not being retired',
    help: 'DELETE /deployments/{id} retires it.',
  },
  OVER: {
    status: 422,
    title: 'The deployment is retired',
    help: 'Nothing is awaited of its home any more.',
  },
});
