export { LicenseModule } from './license.module.js';
export { TenantLicenseService, type AccessQuestion } from './tenant-license.service.js';
export { GATE, Meters, METERS, RequireModule, Ungated, type Gate } from '@biplane/license-gate/nest';
export { LicenseKeeper, ROOT_KEY, type LicenseListener } from './license-keeper.service.js';
export {
  CALL_COUNTER,
  DECIDER,
  DECISION_LISTENER,
  HOME,
  type CallCounter,
  type Decider,
  type DecisionListener,
  type DeploymentRef,
  type HomeIdentity,
} from './license.ports.js';
export { draining, isDraining, isHeld, moved, refuseDraining } from './placement.js';
export { storedVersion } from './license.store.js';
export { mayActFor } from './tenant-gate.js';
