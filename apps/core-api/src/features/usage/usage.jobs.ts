import { Injectable, type OnModuleInit } from '@nestjs/common';
import { JobRunner, UnitOfWork } from '@biplane/service-kit';
import { SuspendedHomes } from '../homes/index.js';
import { ControlUsage } from './control-usage.service.js';
import { QuarantineStore } from './quarantine.store.js';
import { UsageMetrics } from './usage.metrics.js';
import { UsageService } from './usage.service.js';

const CLOSE_MS = 1_000;
const QUARANTINE_MS = 10_000;

/** What usage does by itself. Each run compares stored instants with the Clock. */
@Injectable()
export class UsageJobs implements OnModuleInit {
  constructor(
    private readonly jobs: JobRunner,
    private readonly unitOfWork: UnitOfWork,
    private readonly quarantine: QuarantineStore,
    private readonly control: ControlUsage,
    private readonly metrics: UsageMetrics,
    private readonly usage: UsageService,
    private readonly suspended: SuspendedHomes,
  ) {}

  onModuleInit(): void {
    this.suspended.hoursClosedBy((tx, homeId, hour) => this.usage.isClosed(tx, homeId, hour));
    this.jobs.register({ name: 'usage-window-close', everyMs: CLOSE_MS, run: (now) => this.close(now) });
    this.jobs.register({
      name: 'usage-quarantine-count',
      everyMs: QUARANTINE_MS,
      run: async () => this.metrics.quarantine(await this.quarantine.open(this.unitOfWork.reader)),
    });
  }

  private async close(now: Date): Promise<void> {
    for (let closed = 1; closed > 0;) closed = await this.control.closeDue(now);
  }
}
