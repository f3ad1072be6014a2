import { Module } from '@nestjs/common';
import { CatalogModule } from '../catalog/index.js';
import { DeploymentsModule } from '../deployments/index.js';
import { LicensesModule } from '../licenses/index.js';
import { SubscriptionsModule } from '../subscriptions/index.js';
import { TenantsModule } from '../tenants/index.js';
import { UsageModule } from '../usage/index.js';
import { ChecksController } from './checks.controller.js';
import { EntitlementChecks } from './checks.service.js';
import { EntitlementsController } from './entitlements.controller.js';
import { EntitlementsService } from './entitlements.service.js';
import { QuotaController } from './quota.controller.js';
import { QuotaService } from './quota.service.js';
import { ReservationsController } from './reservations.controller.js';
import { ReservationsService } from './reservations.service.js';
import { TicketsService } from './tickets.service.js';

@Module({
  imports: [CatalogModule, DeploymentsModule, LicensesModule, SubscriptionsModule, TenantsModule, UsageModule],
  controllers: [EntitlementsController, ChecksController, ReservationsController, QuotaController],
  providers: [EntitlementsService, EntitlementChecks, ReservationsService, TicketsService, QuotaService],
})
export class EntitlementsModule {}
