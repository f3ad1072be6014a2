import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { RefusalError } from '@biplane/kernel';
import type { LicenseClaims } from '@biplane/licensing';
import { JobRunner, UnitOfWork } from '@biplane/service-kit';
import { refuseDraining, TenantLicenseService } from '../license/index.js';
import { openTenantDatabase } from '../../database.js';
import { openSession, type OpenSession } from './server-session.js';
import { TenancyErrors } from './tenancy.errors.js';
import { findDatabase } from './tenancy.store.js';
import { TenantHandle } from './tenant-handle.js';
import { POOL_LIMITS, TenantPools } from './tenant-pools.js';
import { TenantSecrets } from './tenant-secrets.js';
import { TenantServer } from './tenant-server.js';

const NOT_READY_RETRY_SECONDS = 2;

/** Resolves handles, and holds the pools behind them. */
@Injectable()
export class TenantHandles implements BeforeApplicationShutdown {
  private readonly pools: TenantPools<UnitOfWork>;

  constructor(
    @Inject(TenantLicenseService) private readonly licenses: TenantLicenseService,
    @Inject(TenantServer) private readonly server: TenantServer,
    @Inject(TenantSecrets) private readonly secrets: TenantSecrets,
    @Inject(UnitOfWork) private readonly unitOfWork: UnitOfWork,
    @Inject(JobRunner) jobs: JobRunner,
  ) {
    this.pools = new TenantPools((deploymentId) => this.open(deploymentId));
    licenses.onChange((deploymentIds) => this.dropMoved(deploymentIds));
    jobs.register({
      name: 'tenant-pools',
      everyMs: 5_000,
      run: async () => {
        this.pools.closeIdle();
      },
    });
  }

  /** Of a deployment that this home serves and whose database is ready; everything else is a refusal. */
  resolve(deploymentId: string): TenantHandle {
    const license = this.licenses.ownLicenseOf(deploymentId);
    if (!license) {
      const url = this.licenses.licenseOf(deploymentId)?.placement.url;
      if (url === undefined) throw new RefusalError(TenancyErrors.DEPLOYMENT_UNKNOWN({ detail: 'Not known here' }));
      throw new RefusalError(TenancyErrors.MOVED({ detail: `It is served at ${url}`, members: { url } }));
    }
    return this.handleOf(license);
  }

  /** As `resolve` does; null for a deployment that is not this home's. */
  find(deploymentId: string): TenantHandle | null {
    const license = this.licenses.ownLicenseOf(deploymentId);
    return license ? this.handleOf(license) : null;
  }

  /** Whether this home serves the deployment as it did when the handle was made: one that is being moved stands still. */
  isServing({ deploymentId, epoch }: TenantHandle): boolean {
    const placement = this.licenses.ownLicenseOf(deploymentId)?.placement;
    return placement?.epoch === epoch && placement.phase === 'serving';
  }

  /** A connection of its own to the deployment's database, as its runtime role: for what takes longer than a request. */
  async openSession(deploymentId: string): Promise<OpenSession> {
    this.resolve(deploymentId);
    return openSession(await this.runtimeUrl(deploymentId));
  }

  /** Connections of a deployment whose roles were locked out are of no more use. */
  async close(deploymentId: string): Promise<void> {
    await this.pools.drop(deploymentId);
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.pools.closeAll();
  }

  private handleOf({ deployment: { id }, sub, placement }: LicenseClaims): TenantHandle {
    const beforeWrite = (): void => refuseDraining(this.licenses.ownLicenseOf(id));
    return new TenantHandle(id, sub, placement.epoch, this.pools, beforeWrite);
  }

  /** The home that serves a deployment alone holds connections to it. */
  private dropMoved(deploymentIds: readonly string[]): void {
    for (const deploymentId of deploymentIds) {
      if (!this.licenses.ownLicenseOf(deploymentId)) void this.pools.drop(deploymentId);
    }
  }

  private async open(deploymentId: string): Promise<UnitOfWork> {
    const url = await this.runtimeUrl(deploymentId);
    return openTenantDatabase(url, { poolMax: POOL_LIMITS.connectionsPerPoolMax, idleMs: POOL_LIMITS.idleMs });
  }

  private async runtimeUrl(deploymentId: string): Promise<string> {
    const row = await findDatabase(this.unitOfWork.reader, deploymentId);
    const isServed = row?.epoch === this.licenses.ownLicenseOf(deploymentId)?.placement.epoch;
    if (row?.state !== 'ready' || row.dropIntentAt !== null || !isServed) {
      const detail = `The database is ${row?.state === 'ready' ? 'changing hands' : (row?.state ?? 'pending')}`;
      throw new RefusalError(TenancyErrors.NOT_READY({ detail, retryAfterSeconds: NOT_READY_RETRY_SECONDS }));
    }
    return this.server.runtimeUrl(deploymentId, this.secrets.open(deploymentId, row));
  }
}
