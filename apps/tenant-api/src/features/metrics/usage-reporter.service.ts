import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { hourOf } from '@biplane/billing-calendar';
import { topics, windowsDigest } from '@biplane/contracts';
import type { LicenseClaims } from '@biplane/licensing';
import { eventRecord, Outbox, type OutboundRecord } from '@biplane/messaging';
import { JobRunner, UnitOfWork, type Tx } from '@biplane/service-kit';
import { HOME, TenantLicenseService, type HomeIdentity } from '../license/index.js';
import { chunkOf, firstHourOf, hourAfter, hoursThrough, hoursToClose, isSendDue } from './domain/hours.js';
import type { MeteredLicenses } from './metrics.ports.js';
import * as store from './usage-report.store.js';
import type { ClosedWindow, HomeState, HourContent, WindowTotal } from './usage-report.store.js';

const JOB_EVERY_MS = 1_000;
/** Bounds of one transaction. An hour is never split, so one with more windows than this still goes as a whole. */
const HOURS_MAX = 48;
const WINDOWS_MAX = 2_000;
const TIMEOUT_MS = 30_000;
/** Older usage is refused. */
const LATE_MS = 36 * 24 * 3_600_000;

interface Chunk {
  readonly hours: readonly Date[];
  readonly isWhole: boolean;
}

/**
 * Sends what this home counted: changed windows every 10 s of the Clock, and each hour's close 5 minutes after its end.
 * Whoever holds the home's row reports, so of any number of replicas one does at a time, and each revision of a window is
 * sent once with one content.
 */
@Injectable()
export class UsageReporter implements OnModuleInit {
  private isHomeKnown = false;
  /** Whether a license came since the first hour was last compared with them. */
  private licensesChanged = true;

  constructor(
    @Inject(HOME) private readonly home: HomeIdentity,
    @Inject(TenantLicenseService) private readonly licenses: MeteredLicenses,
    @Inject(UnitOfWork) private readonly unitOfWork: UnitOfWork,
    @Inject(Outbox) private readonly outbox: Outbox,
    @Inject(JobRunner) private readonly jobs: JobRunner,
  ) {}

  onModuleInit(): void {
    this.licenses.onChange(() => (this.licensesChanged = true));
    const run = async (now: Date): Promise<void> => {
      await this.closeHours(now);
      await this.sendChanges(now);
    };
    this.jobs.register({ name: 'usage-report', everyMs: JOB_EVERY_MS, run });
  }

  /** Closes every hour that is over, in order; those of a jump of the Clock too. */
  async closeHours(now: Date): Promise<void> {
    await this.learnHome(now);
    await this.lowerFirstHour(now);
    while (await this.transaction((tx) => this.closeSome(tx, now)));
  }

  /** Sends what changed: of open hours the windows alone, of closed ones their new close too. */
  async sendChanges(now: Date): Promise<void> {
    await this.learnHome(now);
    while (await this.transaction((tx) => this.sendSome(tx, now)));
  }

  /**
   * Closes what is over and the running hour as well, and gives the outbox all that was not sent. For the last process of a home
   * that is put to sleep: nothing may be counted in this home any more.
   */
  async closeForSleep(now: Date): Promise<void> {
    await this.closeHours(now);
    await this.transaction((tx) => this.closeRunning(tx, now));
    while (await this.transaction((tx) => this.sendSome(tx, now, true)));
  }

  private async closeSome(tx: Tx, now: Date): Promise<boolean> {
    const state = await store.lockHome(tx, this.home.homeId);
    const due = state ? hoursToClose(state.closedThrough, now, HOURS_MAX) : [];
    const last = due.at(-1);
    if (state === undefined || last === undefined) return false;
    const chunk = chunkOfCounted(await store.openHours(tx, due));
    await this.report(tx, state, chunk.hours, [], now);
    const through = chunk.isWhole ? last : (chunk.hours.at(-1) ?? last);
    await store.markClosedThrough(tx, this.home.homeId, hourAfter(through));
    return true;
  }

  private async closeRunning(tx: Tx, now: Date): Promise<void> {
    const state = await store.lockHome(tx, this.home.homeId);
    if (state === undefined) throw new Error('Another process of this home reports');
    const running = hourOf(now).from;
    await this.report(tx, state, hoursThrough(state.closedThrough, running, HOURS_MAX), [], now);
    // The running hour itself is closed once more, should the home wake in it.
    if (running > state.closedThrough) await store.markClosedThrough(tx, this.home.homeId, running);
  }

  private async sendSome(tx: Tx, now: Date, isForced = false): Promise<boolean> {
    const state = await store.lockHome(tx, this.home.homeId);
    if (state === undefined || !(isForced || isSendDue(state.usageSentAt, now))) return false;
    const open = await store.takeUnsent(tx, WINDOWS_MAX);
    const late = await store.lateHours(tx, HOURS_MAX);
    const chunk = chunkOfCounted(late);
    await this.report(tx, state, chunk.hours, open, now);
    const isMore = open.length === WINDOWS_MAX || !chunk.isWhole || late.length === HOURS_MAX;
    if (!isMore) await store.markSent(tx, this.home.homeId, now);
    return isMore;
  }

  /** Gives the outbox these open windows, and of the hours what changed in them and what they hold now. */
  private async report(
    tx: Tx,
    state: HomeState,
    hours: readonly Date[],
    open: readonly WindowTotal[],
    now: Date,
  ): Promise<void> {
    const closed = hours.length > 0 ? await store.closeWindows(tx, hours) : [];
    const changed = [...open, ...closed.filter(({ isNews }) => isNews)];
    const records = changed.map((total) => this.windowRecord(state, total, now));
    if (hours.length > 0) {
      const closes = await store.recordCloses(tx, contentOf(hours, closed), now);
      records.push(...closes.map((close) => this.closeRecord(state, close, now)));
    }
    await this.outbox.add(tx, ...records);
  }

  private windowRecord(state: HomeState, total: WindowTotal, now: Date): OutboundRecord {
    const { deploymentId, meter, aggregation, revision, quantity, closed, licenseVersion } = total;
    const { homeId, region } = this.home;
    const windowStart = total.windowStart.toISOString();
    return eventRecord('UsageWindow', {
      topic: topics.usage(region),
      key: deploymentId,
      id: [homeId, state.incarnation, deploymentId, meter, windowStart, revision].join(':'),
      source: `home:${homeId}`,
      subject: deploymentId,
      time: now,
      data: {
        deploymentId,
        meter,
        aggregation,
        windowStart,
        windowEnd: total.windowEnd.toISOString(),
        source: { homeId, incarnation: state.incarnation },
        revision,
        quantity,
        closed,
        licenseVersion,
        ...(aggregation === 'last' && { lastAt: total.lastAt.toISOString() }),
      },
    });
  }

  private closeRecord(
    { incarnation }: HomeState,
    close: HourContent & { readonly revision: number },
    now: Date,
  ): OutboundRecord {
    const { homeId, region } = this.home;
    const hour = close.hour.toISOString();
    const { revision, windows, digest } = close;
    return eventRecord('HomeClose', {
      topic: topics.usage(region),
      key: homeId,
      id: [homeId, incarnation, hour, revision].join(':'),
      source: `home:${homeId}`,
      subject: homeId,
      time: now,
      data: { homeId, incarnation, hour, revision, windows, digest },
    });
  }

  private async learnHome(now: Date): Promise<void> {
    if (this.isHomeKnown) return;
    await this.unitOfWork.run((tx) => store.ensureHome(tx, this.home.homeId, hourOf(now).from));
    this.isHomeKnown = true;
  }

  private async lowerFirstHour(now: Date): Promise<void> {
    if (!this.licensesChanged) return;
    this.licensesChanged = false;
    try {
      const placedSince = this.licenses.ownLicenses().map((license) => answersSince(license, now));
      const firstHour = firstHourOf(placedSince, hourOf(now).from, now);
      await this.unitOfWork.run((tx) => store.lowerFirstHour(tx, this.home.homeId, firstHour));
    } catch (error) {
      this.licensesChanged = true;
      throw error;
    }
  }

  private transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.unitOfWork.run(work, { timeoutMs: TIMEOUT_MS });
  }
}

/** Of a deployment that came from another home the hours before are that home's; late usage of them may still come here. */
function answersSince({ startsAt, placement }: LicenseClaims, now: Date): Date {
  const since = new Date(startsAt);
  const late = new Date(now.getTime() - LATE_MS);
  return placement.previous !== undefined && since < late ? late : since;
}

function contentOf(hours: readonly Date[], closed: readonly ClosedWindow[]): HourContent[] {
  const byHour = new Map<number, ClosedWindow[]>(hours.map((hour) => [hour.getTime(), []]));
  for (const window of closed) byHour.get(window.hour.getTime())?.push(window);
  return [...byHour].map(([hour, windows]) => ({
    hour: new Date(hour),
    windows: windows.length,
    digest: windowsDigest(windows),
  }));
}

function chunkOfCounted(counted: readonly { hour: Date; windows: number }[]): Chunk {
  const windows = new Map(counted.map((one) => [one.hour.getTime(), one.windows]));
  const hours = chunkOf(
    counted.map(({ hour }) => hour),
    (hour) => windows.get(hour.getTime()) ?? 0,
    WINDOWS_MAX,
  );
  return { hours, isWhole: hours.length === counted.length };
}
