import { Module, type DynamicModule } from '@nestjs/common';
import { HealthRegistry } from '@biplane/service-kit';
import type { ClusterGateway } from '../cluster/index.js';
import { WantedHomesModule } from '../homes/index.js';
import { FullPass } from './full-pass.js';
import { HomeReconciler } from './home-reconciler.js';
import { HomeRemoval } from './home-removal.js';
import { LookAudit } from './look-audit.js';
import { OrphanSweep } from './orphan-sweep.js';
import { Permissions } from './permissions.js';
import { ReconcileLoop } from './reconcile-loop.js';
import { ReconcilerMetrics } from './reconciler-metrics.js';
import { CLUSTER, RECONCILER_SETTINGS, type ReconcilerSettings } from './reconciler-settings.js';
import { WatchHints } from './watch-hints.js';

/** The queue is asked four times a second: a loop that was silent for so long hangs, and a restart helps. */
const IDLE_SECONDS_MAX = 120;

/** Its process alone imports it: whoever does holds the credentials of the cluster. */
@Module({})
export class ReconcilerModule {
  constructor(health: HealthRegistry, loop: ReconcileLoop) {
    health.addLiveness('reconcile-loop', () => {
      if (loop.idleSeconds > IDLE_SECONDS_MAX) throw new Error(`the queue was not asked for ${loop.idleSeconds} s`);
    });
  }

  static forRoot(gateway: ClusterGateway, settings: ReconcilerSettings): DynamicModule {
    return {
      module: ReconcilerModule,
      imports: [WantedHomesModule],
      providers: [
        { provide: CLUSTER, useValue: gateway },
        { provide: RECONCILER_SETTINGS, useValue: settings },
        ...[Permissions, ReconcilerMetrics, LookAudit, HomeRemoval, HomeReconciler, ReconcileLoop],
        ...[OrphanSweep, FullPass, WatchHints],
      ],
      exports: [FullPass, Permissions],
    };
  }
}
