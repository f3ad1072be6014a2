import type { EnforcementStrategy } from './strategy.js';

/** Denies what would pass the cap, and denies when nobody can say how much is in use: a hard limit is never passed unchecked. */
export const hardBlock: EnforcementStrategy = {
  name: 'hard_block',
  warns: true,
  beyondCap: ({ limit, used, windowEndsAt }) => ({
    outcome: 'deny',
    code: 'LIMIT.REACHED',
    reason: `${used} of ${limit.cap} ${limit.meter} are in use`,
    retryAt: windowEndsAt,
  }),
  withoutCounter: (limit) => ({
    outcome: 'deny',
    code: 'LIMIT.UNAVAILABLE',
    reason: `The use of ${limit.meter} is unavailable, and its limit is a hard one`,
    retryAt: null,
  }),
};
