export { CatalogErrors } from './catalog.errors.js';
export { CatalogModule } from './catalog.module.js';
export { AddonGrantDto } from './catalog.responses.js';
export { CatalogService } from './catalog.service.js';
export type { AddonRow } from './catalog.store.js';
export type { AddonGrant } from './domain/addon.js';
export { taxesOn, type MeterDefinition, type TaxDefinition } from './domain/catalog-entries.js';
export type {
  LimitWindow,
  PlanLimit,
  PlanMeter,
  PlanModule,
  PlanVersionContent,
  Strategy,
} from './domain/plan-version.js';
export { STRATEGIES } from './domain/plan-version.js';
export { PlansService } from './plans.service.js';
export type { PlanHead, PlanVersionRow } from './plans.store.js';
