export { TenancyModule } from './tenancy.module.js';
export { TenantHandles } from './tenant-handles.js';
export type { TenantHandle } from './tenant-handle.js';
export { PROVISIONER_URL } from './tenancy.service.js';
export { ensureTemplate, type TemplateOptions } from './tenant-template.js';
export { readTenantSchema, type TenantSchema } from './schema-folder.js';
