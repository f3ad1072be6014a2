import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { RefusalError } from '@biplane/kernel';
import { JobRunner, UnitOfWork } from '@biplane/service-kit';
import { TenantLicenseService } from '../license/index.js';
import { openTenantDatabase } from '../../database.js';
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
    return new TenantHandle(deploymentId, license.sub, license.placement.epoch, this.pools);
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.pools.closeAll();
  }

  /** The home that serves a deployment alone holds connections to it. */
  private dropMoved(deploymentIds: readonly string[]): void {
    for (const deploymentId of deploymentIds) {
      if (!this.licenses.ownLicenseOf(deploymentId)) void this.pools.drop(deploymentId);
    }
  }

  private async open(deploymentId: string): Promise<UnitOfWork> {
    const row = await findDatabase(this.unitOfWork.reader, deploymentId);
    if (row?.state !== 'ready') {
      const detail = `The database is ${row?.state ?? 'pending'}`;
      throw new RefusalError(TenancyErrors.NOT_READY({ detail, retryAfterSeconds: NOT_READY_RETRY_SECONDS }));
    }
    const url = this.server.runtimeUrl(deploymentId, this.secrets.open(deploymentId, row));
    return openTenantDatabase(url, { poolMax: POOL_LIMITS.connectionsPerPoolMax, idleMs: POOL_LIMITS.idleMs });
  }
}
