import { tenantDatabaseName } from '@biplane/licensing';
import type { DeploymentDto } from './deployments.responses.js';
import { presentPlacement, type Deployment } from './deployment.js';

export function deploymentJson(deployment: Deployment): DeploymentDto {
  const placement = presentPlacement(deployment);
  return {
    id: deployment.id,
    tenantId: deployment.tenantId,
    slug: deployment.slug,
    displayName: deployment.displayName,
    type: deployment.type,
    reasons: deployment.reasons,
    region: deployment.region,
    state: deployment.state,
    phase: deployment.phase,
    homeId: placement.homeId,
    epoch: placement.epoch,
    url: placement.homeUrl,
    database: tenantDatabaseName(deployment.id),
    createdAt: deployment.createdAt,
    firstReadyAt: deployment.firstReadyAt,
    billingActionSuspended: deployment.billingActionSuspended,
    settings: deployment.settings,
    template: deployment.template,
  };
}
