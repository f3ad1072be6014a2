import { Module } from '@nestjs/common';
import { CatalogModule } from '../catalog/index.js';
import { DeploymentsModule } from '../deployments/index.js';
import { PlanChanges } from './plan-changes.service.js';
import { PoliciesController } from './policies.controller.js';
import { PoliciesService } from './policies.service.js';
import { PoliciesStore } from './policies.store.js';
import { SubscriptionEvents } from './subscription-events.js';
import { SubscriptionsController } from './subscriptions.controller.js';
import { SubscriptionsJobs } from './subscriptions.jobs.js';
import { SubscriptionsService } from './subscriptions.service.js';
import { SubscriptionsStore } from './subscriptions.store.js';
import { Terms } from './terms.service.js';
import { Trials } from './trials.service.js';

@Module({
  imports: [CatalogModule, DeploymentsModule],
  controllers: [SubscriptionsController, PoliciesController],
  providers: [
    SubscriptionsService, SubscriptionsStore, SubscriptionsJobs, SubscriptionEvents, PlanChanges, Terms, Trials, PoliciesService,
    PoliciesStore,
  ], // prettier-ignore
  exports: [SubscriptionsService, PoliciesService],
})
export class SubscriptionsModule {}
