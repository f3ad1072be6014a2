import { Module } from '@nestjs/common';
import { BillingModule } from '../billing/index.js';
import { BillingSettingsModule } from '../billing-settings/index.js';
import { InvoicesModule } from '../invoices/index.js';
import { TenantsModule } from '../tenants/index.js';
import { RollupController } from './rollup.controller.js';
import { RollupIssuing } from './rollup-issuing.js';
import { RollupJobs } from './rollup.jobs.js';
import { RollupMetrics } from './rollup.metrics.js';
import { RollupMonthsStore } from './rollup-months.store.js';
import { RollupPlan } from './rollup-plan.js';
import { RollupPricing } from './rollup-pricing.js';
import { Rollups } from './rollup.service.js';
import { RollupStore } from './rollup.store.js';
import { RollupWork } from './rollup-work.js';

@Module({
  imports: [BillingModule, BillingSettingsModule, InvoicesModule, TenantsModule],
  controllers: [RollupController],
  providers: [
    RollupIssuing, RollupJobs, RollupMetrics, RollupMonthsStore, RollupPlan, RollupPricing, Rollups, RollupStore, RollupWork,
  ], // prettier-ignore
})
export class RollupModule {}
