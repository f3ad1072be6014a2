export { LicenseModule } from './license.module.js';
export { TenantLicenseService, type AccessQuestion } from './tenant-license.service.js';
export { Meters, RequireModule, Ungated } from './gate.decorators.js';
export { GATE, METERS, type Gate } from './gate.metadata.js';
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
