export type { AttachedAddon, Subscription } from './subscription.js';
export { SubscriptionsModule } from './subscriptions.module.js';
export { SubscriptionsService, type BillableSubscription, type StartSubscription } from './subscriptions.service.js';
