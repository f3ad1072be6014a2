import { Inject, Injectable } from '@nestjs/common';
import { JobRunner, Metrics, UnitOfWork } from '@biplane/service-kit';
import { Counter, Gauge, Histogram } from 'prom-client';
import { TenantSchemas } from '../tenancy/index.js';
import { openRun } from './fleet.store.js';

const EVERY_MS = 15_000;

@Injectable()
export class FleetMetrics {
  private readonly migrations: Counter;
  private readonly seconds: Histogram;
  private readonly behind: Gauge;
  private readonly open: Gauge;

  constructor(
    @Inject(Metrics) metrics: Metrics,
    @Inject(TenantSchemas) private readonly schemas: TenantSchemas,
    @Inject(UnitOfWork) private readonly unitOfWork: UnitOfWork,
    @Inject(JobRunner) jobs: JobRunner,
  ) {
    const registers = [metrics.registry];
    this.migrations = new Counter({
      name: 'fleet_migrations_total',
      help: 'Tries to migrate a tenant database by what became of them; pending: to be tried again',
      labelNames: ['result'],
      registers,
    });
    this.seconds = new Histogram({
      name: 'fleet_migration_seconds',
      help: 'One tenant database brought to the schema of the program',
      buckets: [0.02, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 120, 600],
      registers,
    });
    this.behind = new Gauge({
      name: 'fleet_behind_databases',
      help: 'Ready tenant databases of this home at an older schema than this program',
      registers,
    });
    this.open = new Gauge({
      name: 'fleet_run_open',
      help: '1 for the state of the open run; 0 when it is another, or none is open',
      labelNames: ['state'],
      registers,
    });
    jobs.register({ name: 'fleet-metrics', everyMs: EVERY_MS, run: () => this.look() });
  }

  concluded(result: string): void {
    this.migrations.inc({ result });
  }

  took(seconds: number): void {
    this.seconds.observe(seconds);
  }

  async look(): Promise<void> {
    const target = this.schemas.target.version;
    const ready = (await this.schemas.list()).filter(({ state }) => state === 'ready');
    this.behind.set(ready.filter(({ schemaVersion }) => schemaVersion !== null && schemaVersion < target).length);
    const run = await openRun(this.unitOfWork.reader);
    for (const state of ['running', 'paused', 'stopped']) this.open.set({ state }, run?.state === state ? 1 : 0);
  }
}
