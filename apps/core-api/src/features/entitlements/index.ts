export { EntitlementChecks } from './checks.service.js';
export { EntitlementsModule } from './entitlements.module.js';
