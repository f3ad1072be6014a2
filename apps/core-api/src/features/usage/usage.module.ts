import { Module } from '@nestjs/common';
import { CatalogModule } from '../catalog/index.js';
import { DeploymentsModule } from '../deployments/index.js';
import { HomesModule } from '../homes/index.js';
import { LicensesModule } from '../licenses/index.js';
import { RegionsModule } from '../regions/index.js';
import { SubscriptionsModule } from '../subscriptions/index.js';
import { TenantsModule } from '../tenants/index.js';
import { BilledUsage } from './billed-usage.service.js';
import { BilledUsageStore } from './billed-usage.store.js';
import { CompletenessService } from './completeness.service.js';
import { ControlUsage } from './control-usage.service.js';
import { ControlUsageStore } from './control-usage.store.js';
import { LimitEvents } from './limit-events.js';
import { LimitUsageStore } from './limit-usage.js';
import { QuarantineController } from './quarantine.controller.js';
import { QuarantineService } from './quarantine.service.js';
import { QuarantineStore } from './quarantine.store.js';
import { Reconciliation } from './reconcile.service.js';
import { ReconcileStore } from './reconcile.store.js';
import { UsageIntake } from './usage-intake.service.js';
import { UsageConsumer } from './usage.consumer.js';
import { UsageController } from './usage.controller.js';
import { SubscriptionUsageController } from './subscription-usage.controller.js';
import { UsageJobs } from './usage.jobs.js';
import { UsageMetrics } from './usage.metrics.js';
import { UsageReport } from './usage-report.service.js';
import { UsageReportStore } from './usage-report.store.js';
import { UsageService } from './usage.service.js';
import { UsageStore } from './usage.store.js';

@Module({
  imports: [
    CatalogModule,
    DeploymentsModule,
    HomesModule,
    LicensesModule,
    RegionsModule,
    SubscriptionsModule,
    TenantsModule,
  ],
  controllers: [UsageController, QuarantineController, SubscriptionUsageController, UsageConsumer],
  providers: [
    BilledUsage,
    BilledUsageStore,
    UsageStore,
    UsageIntake,
    UsageService,
    CompletenessService,
    LimitEvents,
    LimitUsageStore,
    QuarantineStore,
    QuarantineService,
    ControlUsage,
    ControlUsageStore,
    Reconciliation,
    ReconcileStore,
    UsageMetrics,
    UsageReport,
    UsageReportStore,
    UsageJobs,
  ],
  exports: [BilledUsage, ControlUsage, LimitEvents, UsageService],
})
export class UsageModule {}
