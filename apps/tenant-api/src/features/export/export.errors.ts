import { declareErrors } from '@biplane/kernel';

export const ExportErrors = declareErrors('EXPORT', {
  UNKNOWN: {
    status: 404,
    title: 'The deployment is not known here',
    help: 'This home serves no such deployment, or it is not yours.',
  },
  REFUSED: {
    status: 403,
    title: 'The license does not allow an export',
    help: 'An export is open while the license serves, and after retirement until the last day that it names.',
  },
  PURGED: {
    status: 410,
    title: 'The data of the deployment was to be removed by now',
    help: 'The deployment was retired and its last day is over. There is nothing to export any more.',
  },
  BUSY: {
    status: 503,
    title: 'Too many exports run at once',
    help: 'Each holds a connection for as long as it runs. Try again after the seconds in Retry-After.',
  },
});
