export { MetricsModule } from './metrics.module.js';
export { WindowCallCounter } from './call-counter.service.js';
export { UsageReporter } from './usage-reporter.service.js';
export { MetricsService } from './metrics.service.js';
export { windowUsage } from './usage-source.store.js';
export { beginIncarnation, type Incarnation } from './incarnation.store.js';
