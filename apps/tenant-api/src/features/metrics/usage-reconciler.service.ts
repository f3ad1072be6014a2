import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import type { Clock } from '@biplane/kernel';
import { limitKeysOf, type Decider } from '@biplane/limits';
import type { LicenseClaims } from '@biplane/licensing';
import { CLOCK, JobRunner, UnitOfWork } from '@biplane/service-kit';
import { DECIDER, HOME, TenantLicenseService, type HomeIdentity } from '../license/index.js';
import { chunkOf } from './domain/hours.js';
import { isRecounted, RECOUNT_AGE_MS_MAX } from './domain/recount.js';
import type { MeteredLicenses } from './metrics.ports.js';
import * as store from './reconcile.store.js';
import type { UsageAdjustment } from './reconcile.store.js';
import { UsageMetrics } from './usage.metrics.js';

const JOB_EVERY_MS = 1_000;
const HOUR_MS = 3_600_000;
const WINDOWS_MAX = 2_000;
const TIMEOUT_MS = 30_000;

export interface Recount {
  readonly windows: number;
  readonly counters: number;
  readonly adjustments: readonly UsageAdjustment[];
}

/**
 * Counts again what was counted: windows from the log of events and calls, counters of limits from the windows. What was
 * wrong is set right, sent up as a new revision, and said in a signed row.
 */
@Injectable()
export class UsageReconciler implements OnModuleInit {
  private readonly logger = new Logger('Reconcile');

  constructor(
    @Inject(HOME) private readonly home: HomeIdentity,
    @Inject(TenantLicenseService) private readonly licenses: MeteredLicenses,
    @Inject(DECIDER) private readonly decider: Decider,
    @Inject(UnitOfWork) private readonly unitOfWork: UnitOfWork,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(UsageMetrics) private readonly metrics: UsageMetrics,
    @Inject(JobRunner) private readonly jobs: JobRunner,
  ) {}

  onModuleInit(): void {
    this.jobs.register({ name: 'usage-reconcile', everyMs: JOB_EVERY_MS, run: (now) => this.runWhenDue(now) });
    this.jobs.register({ name: 'usage-recount-new', everyMs: JOB_EVERY_MS, run: (now) => this.recountNew(now) });
  }

  async runWhenDue(now: Date): Promise<void> {
    const { homeId } = this.home;
    const isMine = await this.unitOfWork.run((tx) => store.takeDueRecount(tx, homeId, now, HOUR_MS));
    if (isMine) await this.recount(null, 'hourly', (hour) => isRecounted(hour, now));
  }

  /** Counters of limits that a license has got: what was stored by a process that did not know of them is missing there. */
  async recountNew(now: Date): Promise<void> {
    const cause = 'new limit';
    const made = await this.unitOfWork.run(async (tx) => {
      const adjustments = await this.decider.newLimits.recount(tx, now);
      const rows: UsageAdjustment[] = [];
      for (const adjustment of adjustments)
        rows.push(...(await store.recordCounterAdjustment(tx, adjustment, cause, now)));
      return rows;
    });
    this.tell(made, cause);
  }

  /** On demand: every window that late usage may still change, of one deployment or of all. */
  reconcile(deploymentId: string | null): Promise<Recount> {
    return this.recount(deploymentId, 'on demand', () => true);
  }

  private async recount(deploymentId: string | null, cause: string, isDue: (hour: Date) => boolean): Promise<Recount> {
    const now = this.clock.now();
    const windows = await this.recountWindows(deploymentId, cause, isDue, now);
    const own = this.licenses
      .ownLicenses()
      .filter(({ deployment }) => (deploymentId ?? deployment.id) === deployment.id);
    const adjustments = [...windows.adjustments];
    let counters = 0;
    for (const license of own) {
      const recounted = await this.recountCounters(license, cause, now);
      counters += recounted.counters;
      adjustments.push(...recounted.adjustments);
    }
    this.tell(adjustments, cause);
    return { windows: windows.windows, counters, adjustments };
  }

  private tell(adjustments: readonly UsageAdjustment[], cause: string): void {
    for (const adjustment of adjustments) {
      this.metrics.adjusted(adjustment.subject);
      this.logger.warn({ ...adjustment, cause }, 'usage was counted wrongly and is set right');
    }
  }

  private async recountWindows(
    deploymentId: string | null,
    cause: string,
    isDue: (hour: Date) => boolean,
    now: Date,
  ): Promise<{ windows: number; adjustments: readonly UsageAdjustment[] }> {
    const from = new Date(now.getTime() - RECOUNT_AGE_MS_MAX);
    const held = await store.hoursWithWindows(this.unitOfWork.reader, from, deploymentId);
    const windowsIn = new Map(held.map(({ hour, windows }) => [hour.getTime(), windows]));
    let left = held.map(({ hour }) => hour).filter(isDue);
    const windows = left.reduce((sum, hour) => sum + (windowsIn.get(hour.getTime()) ?? 0), 0);
    const adjustments: UsageAdjustment[] = [];
    while (left.length > 0) {
      const chunk = chunkOf(left, (hour) => windowsIn.get(hour.getTime()) ?? 0, WINDOWS_MAX);
      left = left.slice(chunk.length);
      adjustments.push(
        ...(await this.unitOfWork.run((tx) => store.healWindows(tx, chunk, deploymentId, cause, now), {
          timeoutMs: TIMEOUT_MS,
        })),
      );
    }
    return { windows, adjustments };
  }

  private async recountCounters(
    license: LicenseClaims,
    cause: string,
    now: Date,
  ): Promise<{ counters: number; adjustments: readonly UsageAdjustment[] }> {
    const meters = Object.entries(license.meters).filter(([, { authority }]) => authority === 'data');
    const keys = meters.flatMap(([meter]) => limitKeysOf(license, meter, now));
    if (keys.length === 0) return { counters: 0, adjustments: [] };
    const adjustments = await this.unitOfWork.run(async (tx) => {
      const made: UsageAdjustment[] = [];
      for (const key of keys) {
        const adjustment = await this.decider.counters.recount(tx, key, now);
        if (adjustment !== null) made.push(...(await store.recordCounterAdjustment(tx, adjustment, cause, now)));
      }
      return made;
    });
    return { counters: keys.length, adjustments };
  }
}
