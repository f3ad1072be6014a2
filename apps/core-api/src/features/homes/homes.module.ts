import { Module } from '@nestjs/common';
import { DeploymentsModule } from '../deployments/index.js';
import { TenantsModule } from '../tenants/index.js';
import { DedicatedHomes } from './dedicated-homes.service.js';
import { HomeObjectsController } from './home-objects.controller.js';
import { HomeObjectsStore } from './home-objects.store.js';
import { HomePlans, plannedClusters } from './home-plans.js';
import { HomeObservations } from './home-observations.js';
import { HomeStopsStore } from './home-stops.store.js';
import { HomesStore } from './homes.store.js';
import { ObservationsStore } from './observations.store.js';
import { OrphansStore } from './orphans.store.js';
import { ReconcileQueue } from './reconcile-queue.store.js';
import { SuspendedHomes } from './suspended-homes.js';
import { WantedHomes } from './wanted-homes.service.js';

/** The side of core-api: what homes shall be, and what was seen of them. */
@Module({
  imports: [DeploymentsModule, TenantsModule],
  controllers: [HomeObjectsController],
  providers: [
    DedicatedHomes,
    HomeObservations,
    HomePlans,
    plannedClusters,
    SuspendedHomes,
    HomesStore,
    HomeStopsStore,
    HomeObjectsStore,
    ReconcileQueue,
    ObservationsStore,
  ],
  exports: [DedicatedHomes, HomePlans, SuspendedHomes],
})
export class HomesModule {}

/** The side of the reconciler: it can make no home, and needs nothing else of core-api. */
@Module({
  providers: [
    WantedHomes,
    OrphansStore,
    HomesStore,
    HomeStopsStore,
    ReconcileQueue,
    ObservationsStore,
    HomeObjectsStore,
  ],
  exports: [WantedHomes, OrphansStore],
})
export class WantedHomesModule {}
