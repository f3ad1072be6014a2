import { Module } from '@nestjs/common';
import { ENVIRONMENT, type CoreEnvironment } from '../../environment.js';
import { BillingSettingsModule } from '../billing-settings/index.js';
import { CatalogModule } from '../catalog/index.js';
import { SubscriptionsModule } from '../subscriptions/index.js';
import { TenantsModule } from '../tenants/index.js';
import { UsageModule } from '../usage/index.js';
import { BillingFacts } from './billing-facts.js';
import { BillingController } from './billing.controller.js';
import { InvoicedBills } from './invoiced-bills.js';
import { IssuerCountry } from './issuer-country.js';
import { LateUsages } from './late-usage.service.js';
import { MonthlyBillingService } from './monthly-billing.service.js';
import { PreviewedMonths } from './previewed-months.js';
import { PublishedPlans } from './published-plans.js';
import { QuotesService } from './quotes.service.js';

@Module({
  imports: [BillingSettingsModule, CatalogModule, SubscriptionsModule, TenantsModule, UsageModule],
  controllers: [BillingController],
  providers: [
    {
      provide: IssuerCountry,
      inject: [ENVIRONMENT],
      useFactory: (env: CoreEnvironment) => IssuerCountry.read(env.ISSUER_FILE),
    },
    BillingFacts,
    InvoicedBills,
    LateUsages,
    MonthlyBillingService,
    PreviewedMonths,
    PublishedPlans,
    QuotesService,
  ],
  exports: [InvoicedBills, MonthlyBillingService],
})
export class BillingModule {}
