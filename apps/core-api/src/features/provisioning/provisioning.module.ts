import { Module } from '@nestjs/common';
import { CatalogModule } from '../catalog/index.js';
import { DeploymentsModule } from '../deployments/index.js';
import { HomesModule } from '../homes/index.js';
import { LicensesModule } from '../licenses/index.js';
import { OperationsModule } from '../operations/index.js';
import { RegionsModule } from '../regions/index.js';
import { SubscriptionsModule } from '../subscriptions/index.js';
import { TenantsModule } from '../tenants/index.js';
import { DeploymentProvisioning } from './deployment-provisioning.service.js';
import { DryRuns } from './dry-runs.service.js';
import { FurtherDeploymentsController } from './deployments.controller.js';
import { FurtherDeployments } from './further-deployments.service.js';
import { ProvisioningController } from './provisioning.controller.js';
import { ProvisioningSaga } from './provisioning-saga.js';
import { TenantProvisioningService } from './tenant-provisioning.service.js';

@Module({
  imports: [
    CatalogModule,
    DeploymentsModule,
    HomesModule,
    LicensesModule,
    OperationsModule,
    RegionsModule,
    SubscriptionsModule,
    TenantsModule,
  ],
  controllers: [ProvisioningController, FurtherDeploymentsController],
  providers: [TenantProvisioningService, DeploymentProvisioning, FurtherDeployments, DryRuns, ProvisioningSaga],
  exports: [TenantProvisioningService],
})
export class ProvisioningModule {}
