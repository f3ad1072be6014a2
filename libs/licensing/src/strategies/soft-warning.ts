import { admitted, type EnforcementStrategy } from './strategy.js';

/** Admits beyond the cap, and says so. */
export const softWarning: EnforcementStrategy = {
  name: 'soft_warning',
  warns: true,
  beyondCap: ({ limit, after }) => ({
    outcome: 'warn',
    code: 'LIMIT.EXCEEDED',
    reason: `${after} ${limit.meter} are more than the ${limit.cap} of the plan`,
    retryAt: null,
  }),
  withoutCounter: (limit) => admitted(`The use of ${limit.meter} is counted later`),
};
