import { Inject, Injectable, Logger, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { Clock } from '@biplane/kernel';
import { LevelLimits } from '@biplane/limits';
import type { LicenseClaims } from '@biplane/licensing';
import { CLOCK, JobRunner, UnitOfWork, type Tx } from '@biplane/service-kit';
import { TenantLicenseService } from '../license/index.js';
import { MetricsService } from '../metrics/index.js';
import { TenantHandles } from '../tenancy/index.js';
import { expectReport, forgetReport, reported, takeDueReports, type DueReport } from './level-reports.store.js';
import { LevelSources } from './level-sources.js';

const JOB_EVERY_MS = 1_000;
/** Whatever becomes of the process that changes a level, it is told so long after at the latest. */
const EXPECTED_MS = 60_000;
/** A level that changes all the time is expected anew this often: a transaction ends well within the rest. */
const EXPECTED_AGAIN_MS = 30_000;
/** Every window of an hour holds a reading, whether anything changed or not. */
const REPEATED_MS = 50 * 60_000;
const DUE_MAX = 20;
/** Levels whose last expectation is remembered; beyond it they are expected more often. */
const REMEMBERED_MAX = 10_000;

/** How a tenant's levels are read: its handle. */
export interface LevelDatabases {
  resolve(deploymentId: string): { read<T>(work: (reader: Tx) => Promise<T>): Promise<T> };
}

export interface LevelLicenses {
  ownLicenseOf(deploymentId: string): LicenseClaims | undefined;
}

/**
 * Tells the windows of the home how high the levels of tenant databases are, as readings of a gauge: within a second of a change, a
 * minute after it, and once an hour. A reading is taken after what it tells was committed and is dated before it was taken, so of
 * several the latest tells the last change.
 */
@Injectable()
export class LevelReports implements OnModuleInit, BeforeApplicationShutdown {
  private readonly logger = new Logger('Levels');
  private readonly levels: LevelLimits;
  private readonly changedSince = new Map<string, DueReport>();
  private readonly expectedAt = new Map<string, number>();
  private flushing: Promise<void> = Promise.resolve();

  constructor(
    @Inject(TenantLicenseService) private readonly licenses: LevelLicenses,
    @Inject(TenantHandles) private readonly databases: LevelDatabases,
    @Inject(MetricsService) private readonly usage: MetricsService,
    @Inject(LevelSources) sources: LevelSources,
    @Inject(UnitOfWork) private readonly home: UnitOfWork,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(JobRunner) private readonly jobs: JobRunner,
  ) {
    this.levels = new LevelLimits(sources);
  }

  onModuleInit(): void {
    this.jobs.register({ name: 'level-changes', everyMs: JOB_EVERY_MS, run: () => this.flush() });
    this.jobs.register({ name: 'level-reports', everyMs: JOB_EVERY_MS, run: (now) => this.runDue(now) });
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.flush().catch(() => undefined);
  }

  /** Before a level changes: from here on it is told even if this process ends. The record does not wait for a home that is away. */
  async expect(deploymentId: string, meter: string): Promise<void> {
    if (this.meteredOf({ deploymentId, meter }) === undefined) return;
    const now = this.clock.now();
    const key = `${deploymentId}|${meter}`;
    const last = this.expectedAt.get(key);
    if (last !== undefined && Math.abs(now.getTime() - last) < EXPECTED_AGAIN_MS) return;
    try {
      await expectReport(this.home.reader, { deploymentId, meter }, new Date(now.getTime() + EXPECTED_MS));
    } catch (error) {
      this.logger.warn({ err: error, deploymentId, meter }, 'a level is told by this process alone');
      return;
    }
    if (this.expectedAt.size >= REMEMBERED_MAX) this.expectedAt.clear();
    this.expectedAt.set(key, now.getTime());
  }

  /** After its change was committed. */
  changed(deploymentId: string, meter: string): void {
    this.changedSince.set(`${deploymentId}|${meter}`, { deploymentId, meter });
  }

  /** One at a time; what could not be told is told with the next. */
  flush(): Promise<void> {
    const mine = this.flushing.then(() => this.tellChanged());
    this.flushing = mine.catch(() => undefined);
    return mine;
  }

  /** What is due, whichever replica expected it. */
  async runDue(now: Date): Promise<void> {
    const until = new Date(now.getTime() + EXPECTED_MS);
    const due = await this.home.run((tx) => takeDueReports(tx, now, until, DUE_MAX));
    for (const report of due) {
      if (this.meteredOf(report) === undefined) await forgetReport(this.home.reader, report);
      else if (await this.tryTell(report)) {
        await reported(this.home.reader, report, until, new Date(now.getTime() + REPEATED_MS));
      }
    }
  }

  private async tellChanged(): Promise<void> {
    for (const [key, report] of [...this.changedSince]) {
      // Before it is read: a change from here on is told again.
      this.changedSince.delete(key);
      if (!(await this.tryTell(report))) this.changed(report.deploymentId, report.meter);
    }
  }

  private async tryTell(report: DueReport): Promise<boolean> {
    try {
      await this.tell(report);
      return true;
    } catch (error) {
      this.logger.warn({ err: error, ...report }, 'a level cannot be told yet');
      return false;
    }
  }

  private async tell(report: DueReport): Promise<void> {
    const license = this.meteredOf(report);
    if (license === undefined) return;
    const { deploymentId, meter } = report;
    const at = this.clock.now();
    const level = await this.databases.resolve(deploymentId).read((reader) => this.levels.read(reader, meter));
    await this.usage.takeLevel(license, { meter, level, at });
  }

  /** The license by which this home counts the meter as a level; undefined: nobody is told of it. */
  private meteredOf({ deploymentId, meter }: DueReport): LicenseClaims | undefined {
    const license = this.licenses.ownLicenseOf(deploymentId);
    const metered = license && Object.hasOwn(license.meters, meter) ? license.meters[meter] : undefined;
    return metered?.authority === 'data' && metered.aggregation !== 'sum' ? license : undefined;
  }
}
