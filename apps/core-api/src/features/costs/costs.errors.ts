import { declareErrors } from '@biplane/kernel';

/** Of single lines of a batch: the answer as a whole is 200. */
export const CostErrors = declareErrors('COST', {
  INVALID: { status: 422, title: 'The cost line is not valid', help: 'Correct the members that its `errors` name.' },
  ID_REUSED: {
    status: 409,
    title: 'The id was used for another cost line',
    help: 'A line of this provider and id has other content. Correct a cost by a further line, below zero where it was too much.',
  },
  DEPLOYMENT_UNKNOWN: {
    status: 422,
    title: 'There is no such deployment',
    help: 'Name a deployment, or none: costs without one are reported as unallocated.',
  },
});
