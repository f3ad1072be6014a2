import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '@biplane/kernel';
import { CLOCK, Metrics } from '@biplane/service-kit';
import { Counter, Gauge } from 'prom-client';
import { WantedHomes } from '../homes/index.js';
import { Permissions } from './permissions.js';
import { RECONCILER_SETTINGS, type ReconcilerSettings } from './reconciler-settings.js';

@Injectable()
export class ReconcilerMetrics {
  readonly looks: Counter<'result'>;
  readonly writes: Counter<'do'>;
  readonly repairs: Counter<'kind'>;
  readonly passes: Counter<'result'>;
  readonly passSeconds: Gauge;
  readonly orphans: Gauge<'reason'>;

  constructor(
    { registry }: Metrics,
    private readonly homes: WantedHomes,
    permissions: Permissions,
    @Inject(RECONCILER_SETTINGS) private readonly settings: ReconcilerSettings,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {
    const registers = [registry];
    this.looks = new Counter({
      name: 'reconciler_looks_total',
      help: 'Looks at one home, by how they ended',
      labelNames: ['result'],
      registers,
    });
    this.writes = new Counter({
      name: 'reconciler_cluster_writes_total',
      help: 'What was written to the cluster',
      labelNames: ['do'],
      registers,
    });
    this.repairs = new Counter({
      name: 'reconciler_drift_repaired_total',
      help: 'Objects that somebody had changed or deleted',
      labelNames: ['kind'],
      registers,
    });
    this.passes = new Counter({
      name: 'reconciler_passes_total',
      help: 'Passes over all homes, by how they ended',
      labelNames: ['result'],
      registers,
    });
    this.passSeconds = new Gauge({
      name: 'reconciler_pass_duration_seconds',
      help: 'How long the last pass took',
      registers,
    });
    this.orphans = new Gauge({
      name: 'reconciler_orphans',
      help: 'Namespaces of this platform that belong to no wanted home',
      labelNames: ['reason'],
      registers,
    });
    new Gauge({
      name: 'reconciler_permissions_missing',
      help: 'Rights in the cluster that the self-check found wanting',
      registers,
      collect() {
        this.set(permissions.missing.length);
      },
    });
    this.exportQueue(registers);
    this.exportConditions(registers);
  }

  private exportQueue(registers: Metrics['registry'][]): void {
    const waiting = new Gauge({
      name: 'reconciler_requests_due',
      help: 'Homes that are to be looked at',
      registers,
    });
    const depth = () => this.homes.depth(this.settings.regions, this.clock.now());
    const { clock } = this;
    new Gauge({
      name: 'reconciler_oldest_due_seconds',
      help: 'How long the oldest of them has been due',
      registers,
      async collect() {
        const { waiting: due, oldestDueAt } = await depth();
        waiting.set(due);
        this.set(oldestDueAt === null ? 0 : Math.max(0, clock.now().getTime() - oldestDueAt.getTime()) / 1000);
      },
    });
  }

  private exportConditions(registers: Metrics['registry'][]): void {
    const counts = () => this.homes.conditionCounts(this.settings.regions);
    new Gauge({
      name: 'reconciler_home_conditions',
      help: 'Homes by what the cluster said of them',
      labelNames: ['type', 'status', 'reason'],
      registers,
      async collect() {
        const rows = await counts();
        this.reset();
        for (const { type, status, reason, homes } of rows) this.set({ type, status: String(status), reason }, homes);
      },
    });
  }
}
