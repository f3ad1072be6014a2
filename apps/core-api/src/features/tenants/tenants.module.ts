import { Module } from '@nestjs/common';
import { BillingSettingsModule } from '../billing-settings/index.js';
import { DeploymentsModule } from '../deployments/index.js';
import { TenantSuspensions } from './tenant-suspensions.service.js';
import { TenantsController } from './tenants.controller.js';
import { TenantsService } from './tenants.service.js';
import { TenantsStore } from './tenants.store.js';

@Module({
  imports: [BillingSettingsModule, DeploymentsModule],
  controllers: [TenantsController],
  providers: [TenantsService, TenantsStore, TenantSuspensions],
  exports: [TenantsService],
})
export class TenantsModule {}
