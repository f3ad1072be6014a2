import { Module } from '@nestjs/common';
import { CatalogModule } from '../catalog/index.js';
import { DeploymentsModule } from '../deployments/index.js';
import { HomesModule } from '../homes/index.js';
import { LicensesModule } from '../licenses/index.js';
import { OperationsModule } from '../operations/index.js';
import { RegionsModule } from '../regions/index.js';
import { SubscriptionsModule } from '../subscriptions/index.js';
import { TenantsModule } from '../tenants/index.js';
import { MoveRequests } from './move-requests.service.js';
import { MovesController } from './moves.controller.js';
import { MoveMetrics } from './moves.metrics.js';
import { Moves } from './moves.service.js';
import { MovesStore } from './moves.store.js';

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
  controllers: [MovesController],
  providers: [Moves, MoveRequests, MovesStore, MoveMetrics],
})
export class MovesModule {}
