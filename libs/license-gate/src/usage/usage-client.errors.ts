import { declareErrors } from '@biplane/kernel';

/** Why an event was not recorded. Whoever is told so still has it: nothing is dropped unsaid. */
export const SpoolErrors = declareErrors('SPOOL', {
  FULL: {
    status: 503,
    title: 'The spool of usage is full',
    help: 'The usage service has been away for long, or refuses what is sent: see the metrics usage_spool_*, and the folder of rejected events.',
  },
  UNWRITABLE: {
    status: 503,
    title: 'The usage could not be stored',
    help: 'See the disk that holds the spool folder. The event is not recorded; record it again.',
  },
  CLOSED: {
    status: 503,
    title: 'The usage client is closed',
    help: 'The service is stopping. Record nothing after close().',
  },
});
