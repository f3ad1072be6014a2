import { Inject, Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { Clock } from '@biplane/kernel';
import { CLOCK, IDS, JobRunner, UnitOfWork, type Ids } from '@biplane/service-kit';
import { HOME, TenantLicenseService, type HomeIdentity } from '../license/index.js';
import { WindowCallCounter } from './call-counter.service.js';
import type { MeteredLicenses } from './metrics.ports.js';
import { leave, seen } from './presence.store.js';
import { UsageReporter } from './usage-reporter.service.js';

const EVERY_MS = 1_000;
const SEEN_EVERY_MS = 10_000;
/** A process that was not seen for so long was killed long enough ago: what it had counted, those that lived on have sent. */
const LOST_MS = 60_000;

/**
 * A suspended home of its own is scaled to zero, and nobody would close the hour in which it goes. So its last process does, when it
 * ends as it should: after its last request, with all that was counted. One that is killed closes nothing, and neither does one
 * that is not known to be the last: that hour stays open until the home wakes.
 */
@Injectable()
export class HomeSleep implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger('HomeSleep');
  private readonly processId: string;
  private seenAt: Date | null = null;

  constructor(
    @Inject(HOME) private readonly home: HomeIdentity,
    @Inject(TenantLicenseService) private readonly licenses: MeteredLicenses,
    @Inject(UnitOfWork) private readonly unitOfWork: UnitOfWork,
    @Inject(WindowCallCounter) private readonly counter: WindowCallCounter,
    @Inject(UsageReporter) private readonly reporter: UsageReporter,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) ids: Ids,
    @Inject(JobRunner) private readonly jobs: JobRunner,
  ) {
    this.processId = ids.uuid();
  }

  onModuleInit(): void {
    if (this.home.kind !== 'dedicated') return;
    this.jobs.register({ name: 'home-presence', everyMs: EVERY_MS, run: (now) => this.beSeen(now) });
  }

  async beSeen(now: Date): Promise<void> {
    const { seenAt } = this;
    if (seenAt !== null && now >= seenAt && now.getTime() - seenAt.getTime() < SEEN_EVERY_MS) return;
    await this.unitOfWork.run((tx) => seen(tx, this.processId, now));
    this.seenAt = now;
  }

  /** After the listener has answered its last request, and before what the outbox holds is sent. */
  async onApplicationShutdown(): Promise<void> {
    if (this.home.kind !== 'dedicated') return;
    try {
      await this.end();
    } catch (error) {
      this.logger.warn({ err: error }, 'the running hour was not closed');
    }
  }

  private async end(): Promise<void> {
    await this.counter.flush();
    const now = this.clock.now();
    const since = new Date(now.getTime() - LOST_MS);
    const isLast = await this.unitOfWork.run((tx) => leave(tx, this.home.homeId, this.processId, since));
    if (isLast && this.isPutToSleep()) await this.reporter.closeForSleep(now);
  }

  private isPutToSleep(): boolean {
    const licenses = this.licenses.ownLicenses();
    return licenses.length > 0 && licenses.every(({ status }) => status === 'suspended');
  }
}
