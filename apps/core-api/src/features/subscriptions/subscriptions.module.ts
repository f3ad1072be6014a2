import { Module } from '@nestjs/common';
import { CatalogModule } from '../catalog/index.js';
import { DeploymentsModule } from '../deployments/index.js';
import { SubscriptionsJobs } from './subscriptions.jobs.js';
import { SubscriptionsService } from './subscriptions.service.js';
import { SubscriptionsStore } from './subscriptions.store.js';

@Module({
  imports: [CatalogModule, DeploymentsModule],
  providers: [SubscriptionsService, SubscriptionsStore, SubscriptionsJobs],
  exports: [SubscriptionsService],
})
export class SubscriptionsModule {}
