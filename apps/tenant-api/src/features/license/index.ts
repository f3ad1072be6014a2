export { LicenseModule } from './license.module.js';
export { TenantLicenseService, type AccessQuestion } from './tenant-license.service.js';
export { GATE, Meters, METERS, RequireModule, Ungated, type Gate } from '@biplane/license-gate/nest';
export { ROOT_KEY, type LicenseListener } from './license-keeper.service.js';
export {
  CALL_COUNTER,
  HOME,
  USAGE_READER,
  type CallCounter,
  type DeploymentRef,
  type HomeIdentity,
  type UsageReader,
} from './license.ports.js';
