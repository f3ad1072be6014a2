import { admitted, type EnforcementStrategy } from './strategy.js';

/** For privileged tenants: counts, never refuses, never warns of the limit. */
export const allow: EnforcementStrategy = {
  name: 'allow',
  warns: false,
  beyondCap: ({ limit }) => admitted(`${limit.meter} is counted, never refused`),
  withoutCounter: (limit) => admitted(`The use of ${limit.meter} is counted later`),
};
