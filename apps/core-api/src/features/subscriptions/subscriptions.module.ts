import { Module } from '@nestjs/common';
import { BillingSettingsModule } from '../billing-settings/index.js';
import { CatalogModule } from '../catalog/index.js';
import { DeploymentsModule } from '../deployments/index.js';
import { BilledMonths } from './billed-months.js';
import { BillableSubscriptions } from './billable-subscriptions.service.js';
import { BillableSubscriptionsStore } from './billable-subscriptions.store.js';
import { AddonSnapshots } from './addon-snapshots.js';
import { AddonsController } from './addons.controller.js';
import { Addons } from './addons.service.js';
import { PlanChangePreviews } from './plan-change-previews.service.js';
import { PlanChanges } from './plan-changes.service.js';
import { PlanMigrationsController } from './plan-migrations.controller.js';
import { PlanMigrationsJobs } from './plan-migrations.jobs.js';
import { PlanMigrations } from './plan-migrations.service.js';
import { PlanMigrationsStore } from './plan-migrations.store.js';
import { PoliciesController } from './policies.controller.js';
import { PoliciesService } from './policies.service.js';
import { PoliciesStore } from './policies.store.js';
import { SubscriptionEvents } from './subscription-events.js';
import { SubscriptionLifecycleController } from './subscription-lifecycle.controller.js';
import { SubscriptionLifecycle } from './subscription-lifecycle.service.js';
import { SubscriptionViews } from './subscription-views.js';
import { SubscriptionsController } from './subscriptions.controller.js';
import { SubscriptionsJobs } from './subscriptions.jobs.js';
import { SubscriptionsService } from './subscriptions.service.js';
import { SubscriptionsStore } from './subscriptions.store.js';
import { TenantBills } from './tenant-bills.js';
import { Terms } from './terms.service.js';
import { Trials } from './trials.service.js';

@Module({
  imports: [BillingSettingsModule, CatalogModule, DeploymentsModule],
  controllers: [
    SubscriptionsController,
    SubscriptionLifecycleController,
    AddonsController,
    PlanMigrationsController,
    PoliciesController,
  ],
  providers: [
    SubscriptionsService, SubscriptionsStore, SubscriptionsJobs, SubscriptionEvents, SubscriptionLifecycle, SubscriptionViews,
    PlanChanges, PlanChangePreviews, PlanMigrations, PlanMigrationsStore, PlanMigrationsJobs, TenantBills, Addons, AddonSnapshots,
    Terms, Trials, PoliciesService, PoliciesStore, BillableSubscriptions, BillableSubscriptionsStore, BilledMonths,
  ], // prettier-ignore
  exports: [SubscriptionsService, SubscriptionViews, TenantBills, PoliciesService, BillableSubscriptions],
})
export class SubscriptionsModule {}
