export { mayDo } from './automated-billing.service.js';
export { BillingJobErrors } from './billing-jobs.errors.js';
export { BillingJobsModule } from './billing-jobs.module.js';
export { RunWork, type Turned } from './run-kinds.js';
export type { Run } from './runs.store.js';
