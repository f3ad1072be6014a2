import { Module } from '@nestjs/common';
import { FinancialsModule } from '../financials/index.js';
import { AutomatedBilling } from './automated-billing.service.js';
import { BillingJobProcessor } from './billing-job.processor.js';
import { BillingMove } from './billing-move.js';
import { BillingQueue } from './billing-queue.js';
import { BillingRunAdministrationController, BillingRunsController } from './billing-runs.controller.js';
import { BillingRuns } from './billing-runs.service.js';
import { DueIndex } from './due-index.service.js';
import { RunWork } from './run-kinds.js';
import { RunResultsController } from './run-results.controller.js';

@Module({
  imports: [FinancialsModule],
  controllers: [BillingRunsController, BillingRunAdministrationController, RunResultsController],
  providers: [RunWork, BillingRuns, BillingQueue, BillingJobProcessor, DueIndex, AutomatedBilling, BillingMove],
  exports: [RunWork],
})
export class BillingJobsModule {}
