import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '@biplane/kernel';
import { tenantDatabaseName, type LicenseClaims } from '@biplane/licensing';
import { CLOCK, type Tx } from '@biplane/service-kit';
import { AppliedReporter } from './applied-reporter.js';
import { findDatabase, recordDropIntent, recordDropped, recordIntent } from './tenancy.store.js';
import { TenantHandles } from './tenant-handles.js';
import { TenantSecrets } from './tenant-secrets.js';

/** The registry's part in the end of a deployment: that it is being dropped, that it was, and who is told. */
@Injectable()
export class RetiredDatabases {
  constructor(
    @Inject(TenantHandles) private readonly handles: TenantHandles,
    @Inject(TenantSecrets) private readonly secrets: TenantSecrets,
    @Inject(AppliedReporter) private readonly reporter: AppliedReporter,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** True when nothing is left to do: the row says so, for whatever placement. */
  async isDropped(reader: Tx, deploymentId: string): Promise<boolean> {
    return (await findDatabase(reader, deploymentId))?.state === 'dropped';
  }

  async isKnown(reader: Tx, deploymentId: string): Promise<boolean> {
    return (await findDatabase(reader, deploymentId)) !== undefined;
  }

  /** From here on no handle of any replica opens it; also of a database that this home never made, so that its end can be told once. */
  async intend(tx: Tx, license: LicenseClaims): Promise<void> {
    const deploymentId = license.deployment.id;
    const at = this.clock.now();
    const { epoch } = license.placement;
    if (!(await findDatabase(tx, deploymentId))) {
      const name = tenantDatabaseName(deploymentId);
      const intent = { deploymentId, tenantId: license.sub, name, epoch, at, lookAgainAt: at };
      await recordIntent(tx, { ...intent, ...this.secrets.create(deploymentId) });
    }
    await recordDropIntent(tx, deploymentId, at);
  }

  closeHandles(deploymentId: string): Promise<void> {
    return this.handles.close(deploymentId);
  }

  async dropped(tx: Tx, deploymentId: string): Promise<void> {
    await recordDropped(tx, deploymentId, this.clock.now());
  }

  /** `LicenseApplied` with `dropped`, once for each version of the license. */
  async report(tx: Tx, license: LicenseClaims): Promise<void> {
    await this.reporter.report(tx, license);
  }

  /** The same for the home that the license places it at, when it is another's. */
  async reportFor(tx: Tx, license: LicenseClaims): Promise<void> {
    const { deployment, placement, version, jti } = license;
    await this.reporter.send(tx, {
      deploymentId: deployment.id,
      homeId: placement.homeId,
      epoch: placement.epoch,
      licenseVersion: version,
      licenseJti: jti,
      database: { state: 'dropped', name: tenantDatabaseName(deployment.id), schemaVersion: null },
      adminBootstrapped: false,
    });
  }
}
