import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { JobRunner, UnitOfWork, type Tx } from '@biplane/service-kit';
import { LIVE_MS } from './applied.service.js';
import { InstancesStore } from './instances.store.js';
import { LicenseMetrics } from './license-metrics.js';
import { LicenseService } from './license.service.js';
import { LicensesStore, type LicenseRow } from './licenses.store.js';
import { SigningKeys } from './signing-keys.service.js';

const CHUNK = 200;
const CHUNKS_PER_RUN_MAX = 100;
const RETRY_MS = 60_000;
/** How long a home may be behind before it is sent the same again. */
const LAG_MS = 60_000;
const REPUBLISH_MS = 3_600_000;

/** Licenses that are a day old are signed again; homes that are behind, and every home hourly, get the same bytes again. */
@Injectable()
export class LicenseJobs implements OnModuleInit {
  private readonly logger = new Logger('LicenseJobs');
  private startedAt: Date | null = null;
  private keysPublishedAt: Date | null = null;

  constructor(
    private readonly jobs: JobRunner,
    private readonly unitOfWork: UnitOfWork,
    private readonly store: LicensesStore,
    private readonly licenses: LicenseService,
    private readonly keys: SigningKeys,
    private readonly instances: InstancesStore,
    private readonly metrics: LicenseMetrics,
  ) {}

  onModuleInit(): void {
    this.jobs.register({ name: 'license-reissue', everyMs: 1_000, run: (now) => this.reissue(now) });
    this.jobs.register({ name: 'license-lagging', everyMs: 1_000, run: (now) => this.publishToLagging(now) });
    this.jobs.register({ name: 'license-republish', everyMs: 1_000, run: (now) => this.republish(now) });
    this.jobs.register({ name: 'license-pending', everyMs: 5_000, run: (now) => this.measurePending(now) });
  }

  /** Each in its own transaction: one that cannot be signed is logged, waits a minute and stops no other. */
  async reissue(now: Date): Promise<void> {
    for (let chunk = 0; chunk < CHUNKS_PER_RUN_MAX; chunk += 1) {
      const due = await this.store.dueForReissue(this.unitOfWork.reader, now, CHUNK);
      for (const deploymentId of due) await this.reissueOne(deploymentId, now);
      if (due.length < CHUNK) return;
    }
  }

  async publishToLagging(now: Date): Promise<void> {
    const since = { issuedBefore: before(now, LAG_MS), liveAfter: before(now, LIVE_MS) };
    await this.publishInChunks(now, (tx) => this.store.lockLagging(tx, since, CHUNK));
  }

  /** Once after the start, and hourly. A clock that was set back must not make everything look old. */
  async republish(now: Date): Promise<void> {
    if (this.startedAt === null || this.startedAt > now) this.startedAt = now;
    const threshold = new Date(Math.max(this.startedAt.getTime(), now.getTime() - REPUBLISH_MS));
    if (this.keysPublishedAt === null || this.keysPublishedAt < threshold || this.keysPublishedAt > now) {
      await this.unitOfWork.run((tx) => this.keys.publishAll(tx, now));
      this.keysPublishedAt = now;
    }
    await this.publishInChunks(now, (tx) => this.store.lockPublishedBefore(tx, threshold, CHUNK));
  }

  /** What has arrived is a histogram; what has not would never show in it. */
  private async measurePending(now: Date): Promise<void> {
    const pending = await this.instances.oldestPending(this.unitOfWork.reader, before(now, LIVE_MS));
    this.metrics.setPending(pending, now);
  }

  private async reissueOne(deploymentId: string, now: Date): Promise<void> {
    try {
      await this.unitOfWork.run(async (tx) => {
        await this.store.lockHead(tx, deploymentId);
        // Another replica, or a renewal, may have been faster.
        if (await this.store.isReissueDue(tx, deploymentId, now)) await this.licenses.issue(tx, deploymentId, 'daily');
      });
    } catch (error) {
      this.logger.error({ err: error, deploymentId }, 'the license could not be signed again');
      const until = new Date(now.getTime() + RETRY_MS);
      await this.unitOfWork.run((tx) => this.store.postponeReissue(tx, deploymentId, until));
    }
  }

  private async publishInChunks(now: Date, take: (tx: Tx) => Promise<LicenseRow[]>): Promise<void> {
    for (let chunk = 0; chunk < CHUNKS_PER_RUN_MAX; chunk += 1) {
      const published = await this.unitOfWork.run(async (tx) => {
        const licenses = await take(tx);
        for (const license of licenses) await this.licenses.publish(tx, license);
        const ids = licenses.map((license) => license.deploymentId);
        if (ids.length > 0) await this.store.markPublished(tx, ids, now);
        return ids.length;
      });
      if (published < CHUNK) return;
    }
  }
}

function before(now: Date, millis: number): Date {
  return new Date(now.getTime() - millis);
}
