import { Module } from '@nestjs/common';
import { CatalogModule } from '../catalog/index.js';
import { SubscriptionsModule } from '../subscriptions/index.js';
import { TenantsModule } from '../tenants/index.js';
import { UsageModule } from '../usage/index.js';
import { BillingController } from './billing.controller.js';
import { InvoicedBills } from './invoiced-bills.js';
import { MonthlyBillingService } from './monthly-billing.service.js';
import { QuotesService } from './quotes.service.js';

@Module({
  imports: [CatalogModule, SubscriptionsModule, TenantsModule, UsageModule],
  controllers: [BillingController],
  providers: [InvoicedBills, MonthlyBillingService, QuotesService],
  exports: [InvoicedBills, MonthlyBillingService],
})
export class BillingModule {}
