import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import type { Clock } from '@biplane/kernel';
import { CLOCK, faultPoint, JobRunner, UnitOfWork } from '@biplane/service-kit';
import { TenantHandles } from '../tenancy/index.js';
import { BillingJobProcessor } from './billing-job.processor.js';
import { BillingQueue } from './billing-queue.js';
import { HINT, oldestRead, saveDue, saveReadAt, takeDue } from './due-index.store.js';

/** A job that was lost with its Redis is given again after this. */
const GIVE_AGAIN_MS = 60_000;
/** Each database is read again within the hour: so much of the index can be lost, and no more. */
const READ_AGAIN_MS = 3_600_000;
/** One that could not be read; the others, which can be, come before it. */
const TRY_AGAIN_MS = 60_000;
const GIVE_MAX = 200;
const READ_MAX = 20;

/** Gives a job to the queue for each deployment that has something due. */
@Injectable()
export class DueIndex implements OnModuleInit {
  private readonly logger = new Logger('BillingDue');

  constructor(
    @Inject(UnitOfWork) private readonly home: UnitOfWork,
    @Inject(TenantHandles) private readonly handles: TenantHandles,
    @Inject(BillingQueue) private readonly queue: BillingQueue,
    @Inject(BillingJobProcessor) private readonly processor: BillingJobProcessor,
    @Inject(JobRunner) private readonly jobs: JobRunner,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.jobs.register({ name: 'billing-due', everyMs: 1_000, run: (now) => this.give(now) });
    this.jobs.register({ name: 'billing-due-read', everyMs: 5_000, run: (now) => this.readAgain(now) });
  }

  /** After a schedule or a run was made: without it the next reading finds it. */
  async changed(deploymentId: string): Promise<void> {
    try {
      await this.processor.refresh(this.handles.resolve(deploymentId));
      await this.give(this.clock.now());
    } catch (error) {
      this.logger.warn({ err: error, deploymentId }, 'the next run is found when the databases are read again');
    }
  }

  async give(now: Date): Promise<void> {
    const before = new Date(now.getTime() - GIVE_AGAIN_MS);
    const ids = await this.home.run((tx) => takeDue(tx, now, before, GIVE_MAX), HINT);
    faultPoint('billing_due.after_take');
    for (const deploymentId of ids) {
      const tenant = this.handles.find(deploymentId);
      if (tenant === null) continue;
      try {
        await this.queue.add({ deploymentId, epoch: tenant.epoch });
      } catch (error) {
        // It would not take the others either: all of them are given again after a while.
        this.logger.warn({ err: error, deploymentId }, 'the queue took no job; it is given again');
        return;
      }
    }
  }

  private async readAgain(now: Date): Promise<void> {
    const ids = await oldestRead(this.home.reader, new Date(now.getTime() - READ_AGAIN_MS), READ_MAX);
    for (const deploymentId of ids) {
      const tenant = this.handles.find(deploymentId);
      if (tenant === null) {
        // Its database stands here and it is served elsewhere: asked last again, lest those hide all others.
        await this.home.run((tx) => saveDue(tx, deploymentId, null, now), HINT);
        continue;
      }
      await this.processor.refresh(tenant).catch(async (error: unknown) => {
        this.logger.warn({ err: error, deploymentId }, 'the schedule of a deployment could not be read');
        const readAt = new Date(now.getTime() - READ_AGAIN_MS + TRY_AGAIN_MS);
        await this.home.run((tx) => saveReadAt(tx, deploymentId, readAt), HINT);
      });
    }
  }
}
