export { MetricsModule } from './metrics.module.js';
export { MetricsService } from './metrics.service.js';
export { windowUsage } from './usage-source.store.js';
