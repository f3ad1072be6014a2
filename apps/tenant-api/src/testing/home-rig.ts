import { randomBytes, randomUUID, type KeyObject } from 'node:crypto';
import { Logger } from '@nestjs/common';
import type { Clock } from '@biplane/kernel';
import { Outbox } from '@biplane/messaging';
import { FieldCipher, JobRunner, Metrics, RandomIds, type UnitOfWork } from '@biplane/service-kit';
import { InstanceStatusReporter } from '../features/license/instance-status.service.js';
import { LicenseKeeper } from '../features/license/license-keeper.service.js';
import { LicenseMetrics } from '../features/license/license.metrics.js';
import type { AccessDecider, DecisionListener, HomeIdentity } from '../features/license/license.ports.js';
import { LimitEvents } from '../features/limits/limit-events.service.js';
import { homeDecider } from '../features/limits/limits.module.js';
import { TenantLicenseService } from '../features/license/tenant-license.service.js';
import { AppliedReporter } from '../features/tenancy/applied-reporter.js';
import { DatabaseBuilder } from '../features/tenancy/database-builder.js';
import { readTenantSchema, type TenantSchema } from '../features/tenancy/schema-folder.js';
import { TenancyReconciler } from '../features/tenancy/tenancy.reconciler.js';
import { TenancyService } from '../features/tenancy/tenancy.service.js';
import { TenantHandles } from '../features/tenancy/tenant-handles.js';
import { TenantSecrets } from '../features/tenancy/tenant-secrets.js';
import { TenantServer } from '../features/tenancy/tenant-server.js';

export interface RigOptions {
  readonly clock: Clock;
  readonly unitOfWork: UnitOfWork;
  readonly rootKey: KeyObject;
  readonly provisionerUrl: string;
  readonly homeId: string;
  readonly region: string;
  readonly fieldKey: Buffer;
  /** The engine of libs/limits on the home's database by default. */
  readonly decider?: AccessDecider;
  readonly listener?: DecisionListener;
  /** The migrations of this program by default. */
  readonly schema?: TenantSchema;
}

// These suites provoke what the services warn of.
Logger.overrideLogger(['fatal']);

export const newFieldKey = (): Buffer => randomBytes(32);

/** One replica of a home: its services on real parts, wired as the modules wire them. Its jobs run when a suite says so. */
export class HomeReplica {
  readonly home: HomeIdentity;
  readonly keeper: LicenseKeeper;
  readonly licenses: TenantLicenseService;
  readonly tenancy: TenancyService;
  readonly reconciler: TenancyReconciler;
  readonly handles: TenantHandles;
  readonly status: InstanceStatusReporter;
  readonly server: TenantServer;
  readonly secrets: TenantSecrets;

  constructor(readonly options: RigOptions) {
    const { clock, unitOfWork, provisionerUrl, homeId, region } = options;
    this.home = { homeId, kind: 'shared', region, instanceId: randomUUID() };
    const metrics = new Metrics();
    const jobs = new JobRunner(clock, metrics);
    const ids = new RandomIds(clock);
    const outbox = new Outbox({ clock });
    const licenseMetrics = new LicenseMetrics(metrics);
    this.keeper = new LicenseKeeper(this.home, options.rootKey, clock, unitOfWork, licenseMetrics);
    const events = new LimitEvents(this.home, unitOfWork, outbox, clock, ids);
    const decider = options.decider ?? homeDecider(this.home, this.keeper, events, { unitOfWork, clock, ids, metrics });
    this.licenses = new TenantLicenseService(this.keeper, decider, options.listener ?? events);
    this.server = new TenantServer({ provisionerUrl, homeId, schema: options.schema ?? readTenantSchema() });
    this.secrets = new TenantSecrets(new FieldCipher({ current: 1, keys: new Map([[1, options.fieldKey]]) }), ids);
    const builder = new DatabaseBuilder(this.server, clock);
    this.tenancy = new TenancyService(
      this.server,
      this.licenses,
      builder,
      this.secrets,
      unitOfWork,
      new AppliedReporter(this.home, outbox, clock, ids),
      clock,
      ids,
    );
    this.handles = new TenantHandles(this.licenses, this.server, this.secrets, unitOfWork, jobs);
    this.reconciler = new TenancyReconciler(this.tenancy, this.licenses, this.server, unitOfWork, jobs);
    this.status = new InstanceStatusReporter(this.home, this.keeper, unitOfWork, outbox, clock, ids, jobs);
  }

  /** Ends its timers and connections, as a shutdown does. */
  async close(): Promise<void> {
    await this.reconciler.drain();
    await this.status.beforeApplicationShutdown();
    await this.handles.beforeApplicationShutdown();
  }
}
