import { Global, Module } from '@nestjs/common';
import { CALL_COUNTER } from '../license/index.js';
import { WindowCallCounter } from './call-counter.service.js';
import { HomeSleep } from './home-sleep.service.js';
import { MetricsService } from './metrics.service.js';
import { ReconcileController } from './reconcile.controller.js';
import { UsageReconciler } from './usage-reconciler.service.js';
import { UsageController } from './usage.controller.js';
import { UsageMetrics } from './usage.metrics.js';
import { UsageReporter } from './usage-reporter.service.js';

/** Global: the gate asks its counters. It asks the licenses of the license feature in turn. */
@Global()
@Module({
  controllers: [UsageController, ReconcileController],
  providers: [
    UsageMetrics,
    MetricsService,
    UsageReporter,
    HomeSleep,
    UsageReconciler,
    WindowCallCounter,
    { provide: CALL_COUNTER, useExisting: WindowCallCounter },
  ],
  exports: [CALL_COUNTER, MetricsService, UsageReporter, WindowCallCounter],
})
export class MetricsModule {}
