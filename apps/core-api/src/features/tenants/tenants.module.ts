import { Module } from '@nestjs/common';
import { BillingSettingsModule } from '../billing-settings/index.js';
import { DeploymentsModule } from '../deployments/index.js';
import { TenantIds } from './tenant-ids.js';
import { TenantRetirements } from './tenant-retirements.service.js';
import { TenantSuspensions } from './tenant-suspensions.service.js';
import { TenantsController } from './tenants.controller.js';
import { TenantsService } from './tenants.service.js';
import { TenantsStore } from './tenants.store.js';

@Module({
  imports: [BillingSettingsModule, DeploymentsModule],
  controllers: [TenantsController],
  providers: [TenantIds, TenantsService, TenantsStore, TenantRetirements, TenantSuspensions],
  exports: [TenantIds, TenantsService, TenantRetirements],
})
export class TenantsModule {}
