import { choice, nullable, object } from '../schema/schema.js';
import { instant, uuid } from '../schema/scalars.js';
import { ofDeployment, period, planRef, text } from './parts.js';

export const DEPLOYMENT_TYPES = ['shared', 'container_per_tenant'] as const;

const subscription = { ...ofDeployment, subscriptionId: uuid, plan: planRef };
const reason = text(2_000, 'Why, as given with the change');

/** What happens to a tenant's subscription of one deployment. */
export const tenantEvents = {
  'subscription.tenant.activated': object({
    ...subscription,
    type: choice(...DEPLOYMENT_TYPES),
    activatedAt: instant,
    trialEndsAt: nullable(instant),
    renewsAt: instant,
  }),
  /** A period ended and the next one holds. */
  'subscription.tenant.renewed': object({ ...subscription, period }),
  /** Decided by rank, never by price; `lateral` is another version or plan of the same rank, or other add-ons. */
  'subscription.tenant.changed': object({
    ...subscription,
    previous: planRef,
    direction: choice('upgrade', 'downgrade', 'lateral'),
    effectiveAt: instant,
  }),
  'subscription.tenant.suspended': object({ ...subscription, reason }),
  'subscription.tenant.resumed': object({ ...subscription, reason }),
  /** `endsAt` is when it stops working: ahead of now when it works until the end of what is paid. */
  'subscription.tenant.cancelled': object({ ...subscription, endsAt: instant, reason }),
} as const;
