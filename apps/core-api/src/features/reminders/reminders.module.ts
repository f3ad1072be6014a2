import { Module } from '@nestjs/common';
import { BillingSettingsModule } from '../billing-settings/index.js';
import { DeploymentsModule } from '../deployments/index.js';
import { InvoicePdfsModule } from '../invoice-pdfs/index.js';
import { InvoicesModule } from '../invoices/index.js';
import { MailModule } from '../mail/index.js';
import { TenantsModule } from '../tenants/index.js';
import { Dunning } from './dunning.service.js';
import { RemindersController } from './reminders.controller.js';
import { RemindersJobs } from './reminders.jobs.js';
import { Reminders } from './reminders.service.js';
import { RemindersStore } from './reminders.store.js';

@Module({
  imports: [BillingSettingsModule, DeploymentsModule, InvoicePdfsModule, InvoicesModule, MailModule, TenantsModule],
  controllers: [RemindersController],
  providers: [Reminders, RemindersStore, RemindersJobs, Dunning],
})
export class RemindersModule {}
