export { objectsOf } from './desired-home.js';
export { DedicatedHomes, type HomeEnrollment, type LicensedHome, type NewHome } from './dedicated-homes.service.js';
export {
  isSameAnnotations,
  type ConditionType,
  type DedicatedHome,
  type DesiredState,
  type HomeCondition,
  type SeenAnnotations,
  type SeenCondition,
} from './domain/home.js';
export type { SeenObject } from './domain/home-object.js';
export { HomePlans } from './home-plans.js';
export { HomesModule, WantedHomesModule } from './homes.module.js';
export type { Observation } from './observations.store.js';
export { OrphansStore, type Orphan, type OrphanReason } from './orphans.store.js';
export type { ReconcileClaim } from './reconcile-queue.store.js';
export { SuspendedHomes } from './suspended-homes.js';
export { WantedHomes, type Look, type WantedHome } from './wanted-homes.service.js';
