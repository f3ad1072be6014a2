import { choice, object } from '../schema/schema.js';
import { catalogCode, planRef, rank, text } from './parts.js';

const plan = { plan: planRef, name: text(200, 'Name of the plan'), tier: catalogCode, rank };

/** Told of the platform, not of a tenant: their key on the topic is the code of the plan. */
export const planEvents = {
  /** A plan exists, its first version a draft. */
  'subscription.plan.created': object(plan),
  /** A further draft was added, or a version was published and can be sold. */
  'subscription.plan.updated': object({ ...plan, change: choice('draft_added', 'published') }),
} as const;
