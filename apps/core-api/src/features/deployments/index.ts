export {
  presentPlacement,
  type Deployment,
  type DeploymentEvent,
  type NewDeployment,
  type NextPlacement,
  type Placement,
  type SettingValue,
} from './deployment.js';
export { DeploymentLifecycle, type Transitioned, type TransitionRequest } from './deployment-lifecycle.js';
export { DeploymentHistories, type DeploymentActivity } from './deployment-histories.service.js';
export { homeUrl } from './domain/home-url.js';
export { DeploymentDetails } from './deployment-details.js';
export { deploymentJson } from './deployments.json.js';
export { DeploymentDto, SoldPlanDto, SubscriptionDto, type ConditionDto } from './deployments.responses.js';
export { DeploymentErrors } from './deployments.errors.js';
export { DeploymentsModule } from './deployments.module.js';
export { DeploymentsService } from './deployments.service.js';
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
export { TRANSITION_CAUSES, type TransitionCause } from './domain/transition-cause.js';
export {
  CANCELLATION_ENDS,
  EntitlementChanges,
  type CancellationEnd,
  type EntitlementChange,
} from './entitlement-changes.js';
export { Suspensions } from './suspensions.service.js';
