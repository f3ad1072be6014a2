import { Module } from '@nestjs/common';
import { DeploymentsModule } from '../deployments/index.js';
import { LicensesModule } from '../licenses/index.js';
import { SubscriptionsModule } from '../subscriptions/index.js';
import { UsageModule } from '../usage/index.js';
import { LimitReports } from './limit-reports.js';
import { ManualReports } from './manual-reports.js';
import { OwnLimits } from './own-limits.js';
import { ViolationMetrics } from './violation-metrics.js';
import { ViolationsController } from './violations.controller.js';
import { ViolationsService } from './violations.service.js';
import { ViolationsStore } from './violations.store.js';

@Module({
  imports: [DeploymentsModule, LicensesModule, SubscriptionsModule, UsageModule],
  controllers: [ViolationsController],
  providers: [ViolationsService, ViolationsStore, LimitReports, ManualReports, OwnLimits, ViolationMetrics],
  exports: [ViolationsService],
})
export class ViolationsModule {}
