import { declareErrors } from '@biplane/kernel';

export const RollupErrors = declareErrors('ROLLUP', {
  NOT_FOUND: {
    status: 404,
    title: 'There is no such roll-up',
    help: 'GET /admin/billing/rollups lists those that ran. A dry run leaves none.',
  },
  BUSY: {
    status: 409,
    title: 'Another roll-up is running',
    help: 'One runs at a time. `members.rollupId` names it; try again when it has ended.',
  },
});
