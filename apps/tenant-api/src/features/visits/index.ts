export { TENANT_RETENTION } from './tenant-retention.service.js';
export { VisitsModule } from './visits.module.js';
export { TenantVisits, type Visitor } from './visits.service.js';
