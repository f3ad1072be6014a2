import { admitted, type EnforcementStrategy } from './strategy.js';

/** Admits beyond the cap; what is beyond it is priced by the plan. */
export const overageCharge: EnforcementStrategy = {
  name: 'overage_charge',
  warns: true,
  beyondCap: ({ limit, after }) => ({
    outcome: 'overage',
    code: 'LIMIT.OVERAGE',
    reason: `${after} ${limit.meter} are more than the ${limit.cap} of the plan: the rest is charged`,
    retryAt: null,
  }),
  withoutCounter: (limit) => admitted(`The use of ${limit.meter} is counted later`),
};
