export { ProvisioningModule } from './provisioning.module.js';
export { TenantProvisioningService, type CreatedTenant } from './tenant-provisioning.service.js';
