import { Module } from '@nestjs/common';
import { DeploymentDetails } from './deployment-details.js';
import { DeploymentsController } from './deployments.controller.js';
import { DeploymentsService } from './deployments.service.js';
import { DeploymentsStore } from './deployments.store.js';
import { EntitlementChanges } from './entitlement-changes.js';

@Module({
  controllers: [DeploymentsController],
  providers: [DeploymentsService, DeploymentsStore, EntitlementChanges, DeploymentDetails],
  exports: [DeploymentsService, EntitlementChanges, DeploymentDetails],
})
export class DeploymentsModule {}
