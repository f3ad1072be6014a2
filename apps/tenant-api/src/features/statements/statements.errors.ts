import { declareErrors } from '@biplane/kernel';

export const StatementErrors = declareErrors('STATEMENT', {
  UNKNOWN: {
    status: 404,
    title: 'There is no such statement',
    help: 'List them with GET /api/v1/accounts/{id}/statements.',
  },
  NO_LETTERHEAD: {
    status: 422,
    title: 'The statement names no sender',
    help: 'It was made before the tenant gave its letterhead, and stays as it is; give its PDF to the member. The next one is mailed.',
  },
  NO_RECIPIENT: {
    status: 422,
    title: 'There is nobody to send it to',
    help: 'The member has no mail address, or was erased.',
  },
});
