export {
  presentPlacement,
  type Deployment,
  type DeploymentEvent,
  type NewDeployment,
  type Placement,
} from './deployment.js';
export { DeploymentDetails } from './deployment-details.js';
export { deploymentJson } from './deployments.json.js';
export { DeploymentDto, SubscriptionDto, type ConditionDto } from './deployments.responses.js';
export { DeploymentErrors } from './deployments.errors.js';
export { DeploymentsModule } from './deployments.module.js';
export { DeploymentsService, type DeploymentActivity } from './deployments.service.js';
export {
  initialState,
  licenseStatusOf,
  subscriptionStatusOf,
  type DeploymentState,
  type SubscriptionStatus,
} from './domain/deployment-state.js';
export {
  determineDeploymentType,
  type DeploymentRequirements,
  type DeploymentType,
  type DeploymentTypeDecision,
  type DeploymentTypeInput,
} from './domain/deployment-type.js';
export { SUSPENSION_CAUSES, type SuspensionCause } from './domain/suspension.js';
export { EntitlementChanges, type EntitlementChange } from './entitlement-changes.js';
export { Suspensions } from './suspensions.service.js';
