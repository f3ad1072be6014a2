import { declareErrors } from '@biplane/kernel';

export const PlacementErrors = declareErrors('PLACEMENT', {
  DRAINING: {
    status: 503,
    title: 'The deployment is being moved',
    help: 'Its writes pause for some seconds, reads go on. Send the request again after Retry-After, here or where 421 then says.',
  },
  MOVED: {
    status: 421,
    title: 'The deployment is served elsewhere',
    help: 'Send what is for the deployments of `moved` to the addresses given there. Nothing of the request was taken.',
  },
});
