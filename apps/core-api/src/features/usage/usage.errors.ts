import { declareErrors } from '@biplane/kernel';

export const QuarantineErrors = declareErrors('QUARANTINE', {
  NOT_FOUND: {
    status: 404,
    title: 'There is no such quarantined record',
    help: 'Take the id from the list of quarantined records.',
  },
  STILL_REFUSED: {
    status: 422,
    title: 'The record still breaks a rule',
    help: 'Mend what `members.reason` names (an unknown meter, a home that is not described) and release it again, or discard it.',
  },
  DECIDED: {
    status: 409,
    title: 'Something else was decided of the record',
    help: 'A record is released or discarded once. Look at its `resolution`.',
  },
});
