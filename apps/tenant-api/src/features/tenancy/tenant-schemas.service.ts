import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '@biplane/kernel';
import { CLOCK, UnitOfWork, type Tx } from '@biplane/service-kit';
import { TenantLicenseService } from '../license/index.js';
import { AppliedReporter } from './applied-reporter.js';
import type { DatabaseState } from './domain/applied-report.js';
import type { TenantSchema } from './schema-folder.js';
import type { Session } from './server-session.js';
import { findDatabase, recordSchema, schemasOf } from './tenancy.store.js';
import { readMark } from './tenant-database.store.js';
import { TenantSecrets } from './tenant-secrets.js';
import { TenantServer } from './tenant-server.js';

export interface DatabaseSchema {
  readonly deploymentId: string;
  readonly state: DatabaseState;
  readonly schemaVersion: string | null;
}

/** The schemas of the tenant databases: which there are, how to come in to change one, and where it is told that one changed. */
@Injectable()
export class TenantSchemas {
  constructor(
    @Inject(TenantServer) private readonly server: TenantServer,
    @Inject(TenantSecrets) private readonly secrets: TenantSecrets,
    @Inject(TenantLicenseService) private readonly licenses: TenantLicenseService,
    @Inject(AppliedReporter) private readonly reporter: AppliedReporter,
    @Inject(UnitOfWork) private readonly unitOfWork: UnitOfWork,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** What this program's databases are to be at, and what new ones are born with. */
  get target(): TenantSchema {
    return this.server.schema;
  }

  list(): Promise<DatabaseSchema[]> {
    return schemasOf(this.unitOfWork.reader);
  }

  async find(deploymentId: string): Promise<DatabaseSchema | undefined> {
    return findDatabase(this.unitOfWork.reader, deploymentId);
  }

  /** As who owns its tables. */
  async ownerUrl(deploymentId: string): Promise<string> {
    const row = await findDatabase(this.unitOfWork.reader, deploymentId);
    if (!row) throw new Error(`The registry has no database of ${deploymentId}`);
    return this.server.ownerUrl(deploymentId, this.secrets.open(deploymentId, row));
  }

  /** Whether what answered bears the mark of this deployment. */
  async isOurs(session: Session, deploymentId: string): Promise<boolean> {
    return (await readMark(session, this.server.markHomeId, deploymentId)) === 'ours';
  }

  /** In the transaction that records the migration: core-api is told with it. */
  async migrated(tx: Tx, deploymentId: string, schemaVersion: string): Promise<void> {
    await recordSchema(tx, { deploymentId, schemaVersion, at: this.clock.now() });
    const license = this.licenses.ownLicenseOf(deploymentId);
    if (license) await this.reporter.report(tx, license);
  }
}
