import { declareErrors } from '@biplane/kernel';

export const EnrollmentErrors = declareErrors('ENROLLMENT', {
  TOKEN_REFUSED: {
    status: 401,
    title: 'The enrollment token is refused',
    help: 'It is not the one that the license of the deployment names. A home that is no longer wanted has none.',
  },
  UNKNOWN: {
    status: 404,
    title: 'No such enrollment',
    help: 'No license here names this home for this deployment. A license that was just issued takes a moment to arrive.',
  },
  EPOCH_MISMATCH: {
    status: 409,
    title: 'The license places the deployment under another epoch',
    help: 'The home was made for a placement that is no more, or the license has not arrived. It tries again by itself.',
  },
  PURGED: {
    status: 409,
    title: 'The databases of this home were dropped',
    help: 'The deployment was retired and its data removed. They are not made again for this home.',
  },
  DATABASE_REFUSED: {
    status: 409,
    title: 'The database of the deployment cannot be given to this home',
    help: 'The reason is a code of the tenancy README: DATABASE_MISSING and DATABASE_FOREIGN need a person.',
  },
  UNAVAILABLE: {
    status: 503,
    title: 'The home cannot be enrolled now',
    help: 'The database server does not answer, or another process enrolls this home. It tries again by itself.',
  },
});
