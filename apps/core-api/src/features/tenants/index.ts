export { TenantDto } from './tenants.dto.js';
export { TenantIds } from './tenant-ids.js';
export { TenantRetirements } from './tenant-retirements.service.js';
export { TenantErrors } from './tenants.errors.js';
export { TenantsModule } from './tenants.module.js';
export { TenantsService, type BillingProfile, type Bootstrap } from './tenants.service.js';
export type { Tenant } from './tenants.store.js';
