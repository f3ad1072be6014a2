import { declareErrors } from '@biplane/kernel';

export const PlanMigrationErrors = declareErrors('PLAN_MIGRATION', {
  NOT_FOUND: {
    status: 404,
    title: 'There is no such migration',
    help: 'The Location header of the request that started it names it.',
  },
  NOTHING_LEFT: {
    status: 422,
    title: 'No version is left behind',
    help: 'Name in `from` published versions other than the one that is migrated to.',
  },
  RUNNING: {
    status: 409,
    title: 'Another migration of the plan is running',
    help: 'Wait until the one that `migrationId` names is done.',
  },
});
