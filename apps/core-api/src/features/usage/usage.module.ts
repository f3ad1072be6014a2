import { Module } from '@nestjs/common';
import { CatalogModule } from '../catalog/index.js';
import { DeploymentsModule } from '../deployments/index.js';
import { RegionsModule } from '../regions/index.js';
import { SubscriptionsModule } from '../subscriptions/index.js';
import { TenantsModule } from '../tenants/index.js';
import { CompletenessService } from './completeness.service.js';
import { LimitEvents } from './limit-events.js';
import { LimitUsageStore } from './limit-usage.js';
import { UsageIntake } from './usage-intake.service.js';
import { UsageConsumer } from './usage.consumer.js';
import { UsageController } from './usage.controller.js';
import { UsageService } from './usage.service.js';
import { UsageStore } from './usage.store.js';

@Module({
  imports: [CatalogModule, DeploymentsModule, RegionsModule, SubscriptionsModule, TenantsModule],
  controllers: [UsageController, UsageConsumer],
  providers: [UsageStore, UsageIntake, UsageService, CompletenessService, LimitEvents, LimitUsageStore],
  exports: [LimitEvents, UsageService],
})
export class UsageModule {}
