import { Module } from '@nestjs/common';
import { BillingActions } from './billing-actions.service.js';
import { DeploymentDetails } from './deployment-details.js';
import { DeploymentHistories } from './deployment-histories.service.js';
import { DeploymentHistoriesStore } from './deployment-histories.store.js';
import { DeploymentLifecycle } from './deployment-lifecycle.js';
import { DeploymentsController } from './deployments.controller.js';
import { DeploymentsService } from './deployments.service.js';
import { DeploymentsStore } from './deployments.store.js';
import { EntitlementChanges } from './entitlement-changes.js';
import { Suspensions } from './suspensions.service.js';
import { SuspensionsStore } from './suspensions.store.js';

@Module({
  controllers: [DeploymentsController],
  providers: [
    DeploymentsService,
    DeploymentsStore,
    DeploymentLifecycle,
    BillingActions,
    DeploymentHistories,
    DeploymentHistoriesStore,
    EntitlementChanges,
    DeploymentDetails,
    Suspensions,
    SuspensionsStore,
  ],
  exports: [
    DeploymentsService,
    DeploymentHistories,
    DeploymentLifecycle,
    Suspensions,
    EntitlementChanges,
    DeploymentDetails,
  ],
})
export class DeploymentsModule {}
