import { unanswered, type EnforcementStrategy } from './strategy.js';

/** What would pass the cap waits for the next window, in the order in which it came. For a level nobody can say how long. */
export const queue: EnforcementStrategy = {
  name: 'queue',
  warns: true,
  beyondCap: ({ limit, used, windowEndsAt }) => ({
    outcome: 'delay',
    code: 'LIMIT.QUEUED',
    reason: `${used} of ${limit.cap} ${limit.meter} are in use: the request is queued`,
    retryAt: windowEndsAt,
  }),
  withoutCounter: unanswered,
};
