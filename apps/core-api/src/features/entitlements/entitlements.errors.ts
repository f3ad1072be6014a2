import { declareErrors } from '@biplane/kernel';

export const EntitlementErrors = declareErrors('ENTITLEMENT', {
  UNAVAILABLE: {
    status: 503,
    title: 'The check could not be answered in time',
    help: 'It stands in a Decision as a denial, which answers with 200: what cannot be answered within 250 ms is denied. Ask again.',
  },
  QUOTA_UNSCOPED: {
    status: 422,
    title: 'Whose quota is not said',
    help: 'Give tenantId or deploymentId.',
  },
});
