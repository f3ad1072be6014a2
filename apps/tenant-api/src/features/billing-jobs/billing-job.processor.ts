import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { Clock } from '@biplane/kernel';
import { CLOCK, UnitOfWork } from '@biplane/service-kit';
import { Worker, type Job } from 'bullmq';
import { ENVIRONMENT, type TenantEnvironment } from '../../environment.js';
import { TenantHandles, type TenantHandle } from '../tenancy/index.js';
import { BillingRuns } from './billing-runs.service.js';
import { QUEUE, queuePrefix } from './billing-queue.js';
import { HINT, saveDue } from './due-index.store.js';
import { nextDue } from './domain/due-work.js';
import { readJob } from './domain/job.js';
import { redisConnection } from './redis-connection.js';
import { listWork } from './runs.store.js';

const AT_ONCE = 4;

/**
 * Looks where a job says that there may be work. A job is a hint: one that is late, repeated, forged, or of an epoch that is no longer
 * this home's, finds what the database says and changes nothing besides.
 */
@Injectable()
export class BillingJobProcessor implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('BillingJobs');
  private worker: Worker | null = null;
  private connection: ReturnType<typeof redisConnection> | null = null;
  private isStopping = false;
  private readonly looks = new Set<{ readonly deploymentId: string; readonly ended: Promise<void> }>();

  constructor(
    @Inject(ENVIRONMENT) private readonly environment: TenantEnvironment,
    @Inject(TenantHandles) private readonly handles: TenantHandles,
    @Inject(BillingRuns) private readonly runs: BillingRuns,
    @Inject(UnitOfWork) private readonly home: UnitOfWork,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  onApplicationBootstrap(): void {
    this.connection = redisConnection(this.environment.REDIS_URL, { failFast: false });
    this.worker = new Worker(QUEUE, (job: Job<unknown>) => this.process(job.data), {
      connection: this.connection,
      prefix: queuePrefix(this.environment.REDIS_PREFIX),
      concurrency: AT_ONCE,
    });
    this.worker.on('error', (error) => this.logger.debug({ err: error }, 'the queue is away'));
  }

  async process(data: unknown): Promise<void> {
    const job = readJob(data);
    if (job === null) return this.logger.warn('a job of the queue that nobody gave was dropped');
    const tenant = this.handles.find(job.deploymentId);
    if (tenant === null || tenant.epoch !== job.epoch) return;
    const look = { deploymentId: job.deploymentId, ended: this.look(tenant) };
    this.looks.add(look);
    await look.ended.finally(() => this.looks.delete(look));
  }

  /** When what this process is at for the deployment has come to its end: it goes no further once the license says that it drains. */
  async settled(deploymentId: string): Promise<void> {
    await Promise.allSettled(
      [...this.looks].filter((look) => look.deploymentId === deploymentId).map(({ ended }) => ended),
    );
  }

  private async look(tenant: TenantHandle): Promise<void> {
    try {
      await this.runs.performDue(tenant, () => this.mayGoOn(tenant));
    } finally {
      // What is due next, or still; a crash before this line is found by who reads the databases again.
      await this.refresh(tenant);
    }
  }

  /** Reads again when the deployment's next run is due. */
  async refresh(tenant: TenantHandle): Promise<void> {
    const dueAt = nextDue(await tenant.read(listWork));
    await this.home.run((tx) => saveDue(tx, tenant.deploymentId, dueAt, this.clock.now()), HINT);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.isStopping = true;
    await Promise.allSettled([...this.looks].map(({ ended }) => ended));
    // Asked to end its jobs well, it would wait for a Redis that is away.
    const isAway = this.connection?.status !== 'ready';
    await this.worker?.close(isAway).catch(() => undefined);
    this.connection?.disconnect();
  }

  /** A deployment that is being moved stands still, and goes on where it is served next. */
  private mayGoOn(tenant: TenantHandle): boolean {
    return !this.isStopping && this.handles.isServing(tenant);
  }
}
