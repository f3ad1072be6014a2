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
export { SubscriptionsService, type BillableSubscription, type StartSubscription } from './subscriptions.service.js';
