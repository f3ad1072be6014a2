import { Module } from '@nestjs/common';
import { CatalogModule } from '../catalog/index.js';
import { DeploymentsModule } from '../deployments/index.js';
import { LicensesModule } from '../licenses/index.js';
import { RegionsModule } from '../regions/index.js';
import { SubscriptionsModule } from '../subscriptions/index.js';
import { TenantsModule } from '../tenants/index.js';
import { DeploymentProvisioning } from './deployment-provisioning.service.js';
import { FurtherDeploymentsController } from './deployments.controller.js';
import { FurtherDeployments } from './further-deployments.service.js';
import { OperationsService } from './operations.service.js';
import { OperationsStore } from './operations.store.js';
import { OperationsController, ProvisioningController } from './provisioning.controller.js';
import { TenantProvisioningService } from './tenant-provisioning.service.js';

@Module({
  imports: [CatalogModule, DeploymentsModule, LicensesModule, RegionsModule, SubscriptionsModule, TenantsModule],
  controllers: [ProvisioningController, FurtherDeploymentsController, OperationsController],
  providers: [
    TenantProvisioningService,
    DeploymentProvisioning,
    FurtherDeployments,
    OperationsService,
    OperationsStore,
  ],
  exports: [TenantProvisioningService],
})
export class ProvisioningModule {}
