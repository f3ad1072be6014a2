export { BilledUsage } from './billed-usage.service.js';
export type { BilledQuantity, RecordedWindow } from './billed-usage.store.js';
export { CONTROL_HOME } from './control-home.js';
export { ControlUsage } from './control-usage.service.js';
export { LimitEvents, type RefusedLimitEvent, type ReportedLimitEvent } from './limit-events.js';
export { UsageModule } from './usage.module.js';
export { UsageService, type Completeness } from './usage.service.js';
export type { HomeHour } from './domain/completeness.js';
export { UsageIntake } from './usage-intake.service.js';
