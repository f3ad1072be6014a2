import { decimalToString } from '@biplane/kernel';
import { admitted, type EnforcementStrategy } from './strategy.js';

/** Admits beyond the cap, and says so. */
export const softWarning: EnforcementStrategy = {
  name: 'soft_warning',
  warns: true,
  beyondCap: ({ limit, cap, after }) => ({
    outcome: 'warn',
    code: 'LIMIT.EXCEEDED',
    reason: `${decimalToString(after)} ${limit.meter} are more than the ${decimalToString(cap)} of the plan`,
    retryAt: null,
  }),
  withoutCounter: (limit) => admitted(`The use of ${limit.meter} is counted later`),
};
