export { AppliedService } from './applied.service.js';
export type { StoredReport } from './applied.store.js';
export { LicenseService } from './license.service.js';
export { LicensesModule } from './licenses.module.js';
export type { LicenseRow } from './licenses.store.js';
export { PresentLicenses, type PresentLicense } from './present-licenses.js';
