import { JobRunner, Metrics, RandomIds } from '@biplane/service-kit';
import { Outbox } from '@biplane/messaging';
import { ExportService } from '../features/export/export.service.js';
import { PurgeService } from '../features/export/purge.service.js';
import { AppliedReporter } from '../features/tenancy/applied-reporter.js';
import { RetiredDatabases } from '../features/tenancy/retired-databases.js';
import { purgedRows } from '../purged-rows.js';
import { PoolReplica, type PoolOptions } from './enrollment-rig.js';

/** A replica of a region's pool with what exports and removes retired deployments, wired as the modules wire it. */
export class PurgingReplica extends PoolReplica {
  readonly purge: PurgeService;
  readonly exports: ExportService;

  constructor(options: PoolOptions) {
    super(options);
    const { clock, unitOfWork } = options;
    const { home, licenses, handles, secrets } = this.replica;
    const ids = new RandomIds(clock);
    const reporter = new AppliedReporter(home, new Outbox({ clock }), clock, ids);
    const retired = new RetiredDatabases(handles, secrets, reporter, clock);
    const jobs = new JobRunner(clock, new Metrics());
    const { server, homes, redis } = this;
    this.purge = new PurgeService(home, licenses, server, homes, redis, retired, purgedRows, unitOfWork, jobs);
    this.exports = new ExportService(licenses, handles, clock);
  }
}
