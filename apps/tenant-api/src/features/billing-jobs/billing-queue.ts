import { Inject, Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { Queue } from 'bullmq';
import { ENVIRONMENT, type TenantEnvironment } from '../../environment.js';
import type { BillingJob } from './domain/job.js';
import { CONNECT_MS, redisConnection } from './redis-connection.js';

export const QUEUE = 'billing';

/** BullMQ's prefix, without the colon that it adds itself: its keys are `<REDIS_PREFIX>billing:…`. */
export const queuePrefix = (redisPrefix: string): string => redisPrefix.replace(/:$/, '');

/** Gives jobs to this home's queue. A job that was given twice is one while it waits, and harmless when it is not. */
@Injectable()
export class BillingQueue implements BeforeApplicationShutdown {
  private readonly logger = new Logger('BillingQueue');
  private readonly connection: ReturnType<typeof redisConnection>;
  private readonly queue: Queue<BillingJob>;
  /** Once it is connected, or was given the time for it: what comes later waits for nothing. */
  private readonly connected: Promise<void>;

  constructor(@Inject(ENVIRONMENT) environment: TenantEnvironment) {
    this.connection = redisConnection(environment.REDIS_URL, { failFast: true });
    this.connected = new Promise((resolve) => {
      this.connection.once('ready', resolve);
      setTimeout(resolve, CONNECT_MS).unref();
    });
    this.queue = new Queue<BillingJob>(QUEUE, {
      connection: this.connection,
      prefix: queuePrefix(environment.REDIS_PREFIX),
      defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
    });
    this.queue.on('error', (error) => this.logger.debug({ err: error }, 'the queue is away'));
  }

  /** Rejects while Redis is away; BullMQ itself would wait for it, and whoever asks with it. */
  async add(job: BillingJob): Promise<void> {
    await this.connected;
    if (this.connection.status !== 'ready') throw new Error('Redis is away');
    await this.queue.add('look', job, { jobId: `${job.deploymentId}-${job.epoch}` });
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.queue.close().catch(() => undefined);
    this.connection.disconnect();
  }
}
