import { choice, object } from '../schema/schema.js';
import { instant } from '../schema/scalars.js';
import { ofDeployment, text } from './parts.js';

const state = choice('trial', 'active', 'past_due', 'paused', 'suspended', 'cancelled', 'archived');

export const deploymentEvents = {
  'deployment.transitioned': object({
    ...ofDeployment,
    from: state,
    to: state,
    /** When it took effect: of a trial's end the end itself. */
    at: instant,
    reason: text(2_000, 'Why, as given with the change'),
  }),
} as const;
