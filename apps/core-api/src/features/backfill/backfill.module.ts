import { Module } from '@nestjs/common';
import { CatalogModule } from '../catalog/index.js';
import { DeploymentsModule } from '../deployments/index.js';
import { HomesModule } from '../homes/index.js';
import { LicensesModule } from '../licenses/index.js';
import { SubscriptionsModule } from '../subscriptions/index.js';
import { BackfillController } from './backfill.controller.js';
import { Backfill } from './backfill.service.js';

@Module({
  imports: [CatalogModule, DeploymentsModule, HomesModule, LicensesModule, SubscriptionsModule],
  controllers: [BackfillController],
  providers: [Backfill],
})
export class BackfillModule {}
