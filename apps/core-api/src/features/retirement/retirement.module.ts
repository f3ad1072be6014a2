import { Module } from '@nestjs/common';
import { BillingSettingsModule } from '../billing-settings/index.js';
import { CatalogModule } from '../catalog/index.js';
import { DeploymentsModule } from '../deployments/index.js';
import { HomesModule } from '../homes/index.js';
import { InvoicesModule } from '../invoices/index.js';
import { LicensesModule } from '../licenses/index.js';
import { OperationsModule } from '../operations/index.js';
import { SubscriptionsModule } from '../subscriptions/index.js';
import { TenantsModule } from '../tenants/index.js';
import { UsageModule } from '../usage/index.js';
import { FinalInvoice } from './final-invoice.js';
import { RetirementSaga } from './retirement-saga.js';
import { RetirementController } from './retirement.controller.js';
import { RetirementStore } from './retirement.store.js';
import { Retirements } from './retirements.service.js';

@Module({
  imports: [
    BillingSettingsModule, CatalogModule, DeploymentsModule, HomesModule, InvoicesModule, LicensesModule, OperationsModule,
    SubscriptionsModule, TenantsModule, UsageModule,
  ], // prettier-ignore
  controllers: [RetirementController],
  providers: [Retirements, RetirementSaga, RetirementStore, FinalInvoice],
})
export class RetirementModule {}
