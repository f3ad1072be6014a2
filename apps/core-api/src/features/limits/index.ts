export { LimitEngine, type LimitUsage } from './limit-engine.js';
export { LimitsModule } from './limits.module.js';
