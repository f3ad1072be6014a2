import { declareErrors } from '@biplane/kernel';

export const GateErrors = declareErrors('GATE', {
  DEPLOYMENT_INVALID: {
    status: 400,
    title: 'The request names no deployment',
    help: 'Send the id of the deployment in X-Deployment-Id.',
  },
});
