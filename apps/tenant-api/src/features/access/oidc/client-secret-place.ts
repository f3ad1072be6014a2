import type { FieldPlace } from '@biplane/service-kit';

/** Bound to its tenant: in another tenant's row it does not open. */
export const placeOfSecret = (deploymentId: string, providerId: string): FieldPlace => ({
  table: 'identity_provider',
  column: 'client_secret',
  id: `${deploymentId}/${providerId}`,
});
