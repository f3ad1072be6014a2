import { Papers } from '@biplane/invoice-pdf';
import { MailDelivery, NoMailer } from '@biplane/mail';
import { JobRunner, Metrics, RandomIds } from '@biplane/service-kit';
import { waitFor } from '@biplane/testing';
import { Queue } from 'bullmq';
import type { TenantEnvironment } from '../environment.js';
import { AutomatedBilling } from '../features/billing-jobs/automated-billing.service.js';
import { BillingJobProcessor } from '../features/billing-jobs/billing-job.processor.js';
import { BillingQueue, QUEUE, queuePrefix } from '../features/billing-jobs/billing-queue.js';
import { BillingRuns } from '../features/billing-jobs/billing-runs.service.js';
import { DueIndex } from '../features/billing-jobs/due-index.service.js';
import { redisConnection } from '../features/billing-jobs/redis-connection.js';
import { RunWork } from '../features/billing-jobs/run-kinds.js';
import { FinancialService } from '../features/financials/financial.service.js';
import { ItemCharging } from '../features/financials/item-charging.service.js';
import { AccountItems } from '../features/financials/items.service.js';
import { Letterheads } from '../features/letterhead/index.js';
import type { MembersService } from '../features/members/index.js';
import type { HomeMoves } from '../features/moves/index.js';
import { StatementMails } from '../features/statements/statement-mails.service.js';
import { StatementPapers } from '../features/statements/statement-papers.service.js';
import { StatementRuns } from '../features/statements/statement-runs.service.js';
import { TenantVisits } from '../features/visits/index.js';
import { redisPrefix } from '../redis-prefix.js';
import { HomeReplica, type RigOptions } from './home-rig.js';

export interface BillingOptions extends RigOptions {
  readonly redisUrl: string;
}

/** What bills in one replica of a home, wired as the modules wire it. Its jobs run when a suite says so. */
export class BillingReplica {
  readonly home: HomeReplica;
  readonly financials: FinancialService;
  readonly items: AccountItems;
  readonly charging: ItemCharging;
  readonly work = new RunWork();
  readonly runs: BillingRuns;
  readonly queue: BillingQueue;
  readonly processor: BillingJobProcessor;
  readonly index: DueIndex;

  constructor(options: BillingOptions) {
    const { clock, unitOfWork } = options;
    const ids = new RandomIds(clock);
    this.home = new HomeReplica(options);
    const { handles, keeper } = this.home;
    const environment = environmentOf(options);
    this.financials = new FinancialService(clock, ids);
    this.items = new AccountItems(this.financials, clock, ids);
    this.charging = new ItemCharging(this.financials, clock, ids);
    new AutomatedBilling(this.work, this.charging, keeper).onModuleInit();
    this.runs = new BillingRuns(this.work, new Metrics(), clock, ids);
    this.queue = new BillingQueue(environment);
    this.processor = new BillingJobProcessor(environment, handles, this.runs, unitOfWork, clock);
    const jobs = new JobRunner(clock, new Metrics());
    // Mails are marked and hinted at; nobody erases a member, moves a tenant or sends.
    const papers = new StatementPapers(new Letterheads(clock), {} as MembersService, new Papers());
    const visits = new TenantVisits(unitOfWork, handles, {} as HomeMoves, jobs, clock);
    const delivery = new MailDelivery(new Metrics(), clock, ids);
    const mails = new StatementMails(visits, papers, delivery, new NoMailer(), 'billing@acme.example', clock);
    new StatementRuns(this.work, keeper, papers, mails, clock, ids).onModuleInit();
    this.index = new DueIndex(unitOfWork, handles, this.queue, this.processor, jobs, clock);
  }

  /** Ends its worker, timers and connections, as a shutdown does. */
  async close(): Promise<void> {
    await this.processor.beforeApplicationShutdown();
    await this.queue.beforeApplicationShutdown();
    await this.home.close();
  }
}

/** The home's queue as BullMQ itself knows it: for jobs that nobody of this program would give. */
export function bareQueue(redisUrl: string, homeId: string): { queue: Queue; close: () => Promise<void> } {
  const connection = redisConnection(redisUrl, { failFast: false });
  const defaultJobOptions = { removeOnComplete: true, removeOnFail: true };
  const queue = new Queue(QUEUE, { connection, prefix: queuePrefix(redisPrefix(homeId)), defaultJobOptions });
  return {
    queue,
    close: async () => {
      await queue.close();
      connection.disconnect();
    },
  };
}

/** Tells whoever works on the queue again and again, and waits until nothing is left to do. */
export async function tellAtOnce(queue: Queue, job: object): Promise<void> {
  // Jobs without ids of their own: nothing keeps BullMQ from giving all of them at the same time.
  await queue.addBulk(Array.from({ length: 24 }, () => ({ name: 'look', data: job })));
  const isEmpty = async () => (await queue.getJobCountByTypes('waiting', 'active')) === 0;
  await waitFor('the queue to be empty', isEmpty, { deadlineMs: 120_000, everyMs: 100 });
}

function environmentOf({ redisUrl, homeId }: BillingOptions): TenantEnvironment {
  return { REDIS_URL: redisUrl, REDIS_PREFIX: redisPrefix(homeId) } as TenantEnvironment;
}
