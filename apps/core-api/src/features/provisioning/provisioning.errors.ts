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
});
