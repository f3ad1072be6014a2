import { Module } from '@nestjs/common';
import type { TargetPolicy } from '@biplane/service-kit';
import { ENVIRONMENT, type CoreEnvironment } from '../../environment.js';
import { TenantsModule } from '../tenants/index.js';
import { DeliveriesController } from './deliveries.controller.js';
import { DeliveriesService } from './deliveries.service.js';
import { DeliveriesStore } from './deliveries.store.js';
import { WebhookDispatcher } from './dispatcher.js';
import { EndpointsController } from './endpoints.controller.js';
import { EndpointsService } from './endpoints.service.js';
import { EndpointsStore } from './endpoints.store.js';
import { WebhookSender } from './sending/webhook-sender.js';
import { TARGET_POLICY, targetPolicyOf } from './target-policy.js';
import { WebhookUpkeep } from './upkeep.jobs.js';
import { WebhookMetrics } from './webhook-metrics.js';

@Module({
  imports: [TenantsModule],
  controllers: [EndpointsController, DeliveriesController],
  providers: [
    EndpointsService,
    EndpointsStore,
    DeliveriesService,
    DeliveriesStore,
    WebhookDispatcher,
    WebhookUpkeep,
    WebhookMetrics,
    { provide: TARGET_POLICY, inject: [ENVIRONMENT], useFactory: (env: CoreEnvironment) => targetPolicyOf(env) },
    {
      provide: WebhookSender,
      inject: [TARGET_POLICY],
      useFactory: (policy: TargetPolicy) => new WebhookSender(policy),
    },
  ],
})
export class WebhooksModule {}
