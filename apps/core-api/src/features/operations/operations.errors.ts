import { declareErrors } from '@biplane/kernel';

export const OperationErrors = declareErrors('OPERATION', {
  NOT_FOUND: {
    status: 404,
    title: 'There is no such operation',
    help: 'The Location header of the request that started it names it.',
  },
  NOT_FAILED: {
    status: 422,
    title: 'The operation has not failed',
    help: 'Only a failed operation can be retried; read its steps.',
  },
  BUSY: {
    status: 409,
    title: 'Another operation changes where the deployment is served',
    help: 'Wait for the one that `operationId` names, or end it: a deployment is not moved and retired at once.',
  },
});
