import { RefusalError } from '@biplane/kernel';
import { principalMayRead, principalMayServe, type Principal } from '@biplane/service-kit';
import { DeploymentErrors } from '../deployments/index.js';

/** Readers of the platform, the tenant itself, and services that ask for it. */
export function mayAsk(principal: Principal, tenantId: string): boolean {
  const serves = principal.scopes.includes('entitlements:check') && principalMayServe(principal, tenantId);
  return serves || principalMayRead(principal, tenantId);
}

/** The same for a deployment that is not there and for another tenant’s: whether it exists is not told. */
export function noDeployment(id: string): RefusalError {
  return new RefusalError(DeploymentErrors.NOT_FOUND({ detail: `There is no deployment ${id}` }));
}
