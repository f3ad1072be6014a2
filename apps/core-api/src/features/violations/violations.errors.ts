import { declareErrors } from '@biplane/kernel';

export const ViolationErrors = declareErrors('VIOLATION', {
  NOT_FOUND: {
    status: 404,
    title: 'There is no such violation',
    help: 'GET /subscription/violations lists those that you may see.',
  },
  DATES_INVALID: {
    status: 422,
    title: 'The report is of another time',
    help: 'Report what happened in the last 35 days, and nothing that is still to come.',
  },
});
