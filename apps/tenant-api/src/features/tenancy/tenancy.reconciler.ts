import { Inject, Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { RefusalError } from '@biplane/kernel';
import { JobRunner, UnitOfWork } from '@biplane/service-kit';
import { TenantLicenseService } from '../license/index.js';
import { dueDeployments, readyDatabases } from './tenancy.store.js';
import { TenancyService } from './tenancy.service.js';
import { TenantServer } from './tenant-server.js';

const AT_ONCE_MAX = 4;
const DUE_MAX = 100;
const PRESENCE_EVERY_MS = 60_000;

/**
 * Brings every database to where the licenses want it: what changed is looked at at once, what failed when its next attempt is due,
 * whichever replica began it, and what is ready every minute, because a server can lose a database.
 */
@Injectable()
export class TenancyReconciler implements BeforeApplicationShutdown {
  private readonly logger = new Logger('TenancyReconciler');
  private readonly changed = new Set<string>();
  /** Failed before a row could say when to try again: the home database was away. */
  private readonly unrecorded = new Set<string>();
  private working: Promise<void> | null = null;

  constructor(
    @Inject(TenancyService) private readonly tenancy: TenancyService,
    @Inject(TenantLicenseService) private readonly licenses: TenantLicenseService,
    @Inject(TenantServer) private readonly server: TenantServer,
    @Inject(UnitOfWork) private readonly unitOfWork: UnitOfWork,
    @Inject(JobRunner) jobs: JobRunner,
  ) {
    licenses.onChange((deploymentIds) => {
      for (const deploymentId of deploymentIds) this.changed.add(deploymentId);
      void this.drain();
    });
    jobs.register({ name: 'tenancy', everyMs: 1_000, run: (now) => this.tick(now) });
    jobs.register({ name: 'tenancy-presence', everyMs: PRESENCE_EVERY_MS, run: () => this.verifyPresence() });
  }

  /** Finishes the databases that are being made; the others are made by another replica, or by the next start. */
  async beforeApplicationShutdown(): Promise<void> {
    this.changed.clear();
    await this.working;
  }

  /** Resolves when nothing that is known to have changed is left; what failed comes again by its due instant. */
  drain(): Promise<void> {
    this.working ??= this.work().finally(() => {
      this.working = null;
    });
    return this.working;
  }

  private async tick(now: Date): Promise<void> {
    await this.lookAgain(await dueDeployments(this.unitOfWork.reader, now, DUE_MAX));
  }

  /** At those whose rows say that it is time, and at those that have no row to say so. */
  async lookAgain(due: readonly string[]): Promise<void> {
    for (const deploymentId of due) {
      if (this.licenses.ownLicenseOf(deploymentId)) this.changed.add(deploymentId);
    }
    for (const deploymentId of this.unrecorded) this.changed.add(deploymentId);
    this.unrecorded.clear();
    await this.drain();
  }

  private async work(): Promise<void> {
    const worker = async (): Promise<void> => {
      for (;;) {
        const [deploymentId] = this.changed;
        if (deploymentId === undefined) return;
        this.changed.delete(deploymentId);
        await this.reconcile(deploymentId);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE_MAX }, worker));
  }

  /** A broken tenant stops alone: its failure stands in its row, and the others go on. */
  private async reconcile(deploymentId: string): Promise<void> {
    try {
      await this.tenancy.reconcile(deploymentId);
    } catch (error) {
      this.logger.warn({ err: error, deploymentId }, 'a deployment waits for its next attempt');
      if (!(error instanceof RefusalError)) this.unrecorded.add(deploymentId);
    }
  }

  /** Looks for every ready database on the server. */
  async verifyPresence(): Promise<void> {
    const ready = await readyDatabases(this.unitOfWork.reader);
    if (ready.length === 0) return;
    const names = ready.map(({ name }) => name);
    const present = await this.server.present(names);
    for (const { deploymentId, name } of ready) {
      if (!present.has(name)) await this.tenancy.reportLost(deploymentId);
    }
  }
}
