import { declareErrors } from '@biplane/kernel';

/** Why usage is not counted. But for the region and unread licenses, told in the result of one event; the other events are not affected. */
export const UsageIntakeErrors = declareErrors('USAGE', {
  DEPLOYMENT_UNKNOWN: {
    status: 422,
    title: 'The deployment is not counted here',
    help: 'Send usage to the home that serves the deployment; a new one is known once its license has arrived.',
  },
  LICENSES_UNREAD: {
    status: 503,
    title: 'The licenses have not been read yet',
    help: 'The process has just started and may not know the deployment yet. Nothing was taken: send the request again after Retry-After.',
  },
  IN_FUTURE: {
    status: 422,
    title: 'The event lies in the future',
    help: 'An event may be at most 5 minutes ahead. Set the clock of the sender.',
  },
  TOO_OLD: {
    status: 422,
    title: 'The event is too old',
    help: 'An event may be at most 35 days old. Older use is corrected by an adjustment of the invoice.',
  },
  BEFORE_START: {
    status: 422,
    title: 'The event is older than the deployment',
    help: 'Check the subject and the time: nothing was used before the deployment was created.',
  },
  ID_REUSED: {
    status: 422,
    title: 'The id stands for another event',
    help: 'An event with this id and source was accepted with other content. Give each event an id of its own.',
  },
  REGION_FORBIDDEN: {
    status: 403,
    title: 'The client is bound to another region',
    help: 'Send usage to the home of the region that the client is bound to.',
  },
  TOTAL_TOO_LARGE: {
    status: 422,
    title: 'The total would be larger than can be kept',
    help: 'Check the quantity: totals have at most 30 digits before the point.',
  },
});

export const MeterErrors = declareErrors('METER', {
  UNKNOWN: {
    status: 422,
    title: 'The license does not name the meter',
    help: 'Use a meter that the plan prices or limits, or that an add-on grants.',
  },
  WRONG_PLANE: {
    status: 422,
    title: 'The meter is counted in the other plane',
    help: "Send usage of the control plane's meters to core-api (POST /api/v1/subscription/usage), of the others to their home.",
  },
});
