export { BillableSubscriptions, type BillableSubscription } from './billable-subscriptions.service.js';
export { enabledStretches, type ModuleSwitch } from './domain/module-stretches.js';
export {
  policyAt,
  type DeploymentPolicy,
  type FlagEvent,
  type ModuleEvent,
  type OverrideEvent,
} from './domain/policy.js';
export { PoliciesService } from './policies.service.js';
export type { AttachedAddon, Subscription } from './subscription.js';
export { TermBody, termOf } from './subscriptions.dto.js';
export { SubscriptionsModule } from './subscriptions.module.js';
export { SubscriptionsService, type StartSubscription } from './subscriptions.service.js';
export { TenantBills, type MonthComputation, type PreviewedBill } from './tenant-bills.js';
export { SubscriptionErrors } from './subscriptions.errors.js';
export { SubscriptionViews } from './subscription-views.js';
