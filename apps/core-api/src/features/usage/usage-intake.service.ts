import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { hourOf } from '@biplane/billing-calendar';
import { windowsDigest } from '@biplane/contracts';
import { canonicalJson, type Clock, type RegionCode } from '@biplane/kernel';
import { CLOCK, faultPoint, IDS, UnitOfWork, type Ids, type Tx } from '@biplane/service-kit';
import { CatalogService } from '../catalog/index.js';
import { DeploymentsService } from '../deployments/index.js';
import { RegionsService } from '../regions/index.js';
import { SubscriptionsService } from '../subscriptions/index.js';
import { QUARANTINE_REASONS, type QuarantineReason } from './domain/quarantine-reasons.js';
import { newestOfEach, parseTotal, windowFault, type UsageWindowTotal } from './domain/window.js';
import { LimitEvents, type ReportedLimitEvent } from './limit-events.js';
import {
  UsageStore,
  type CountedWindow,
  type HeldWindow,
  type HomeCloseRow,
  type HomeHour,
  type QuarantinedRecord,
} from './usage.store.js';

/** What one batch of `usage.metrics.<region>` says, parsed. `other` is what parses but has no rule here. */
export interface UsageBatch {
  readonly region: RegionCode;
  readonly windows: readonly UsageWindowTotal[];
  readonly closes: readonly HomeCloseRow[];
  readonly limitEvents: readonly ReportedLimitEvent[];
  readonly other: readonly { readonly type: string; readonly record: unknown }[];
}

/** Takes in what the homes report. The same batch again, in any order, changes nothing. */
@Injectable()
export class UsageIntake {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: UsageStore,
    private readonly catalog: CatalogService,
    private readonly deployments: DeploymentsService,
    private readonly regions: RegionsService,
    private readonly subscriptions: SubscriptionsService,
    private readonly limitEvents: LimitEvents,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: Ids,
  ) {}

  /**
   * Counts, records and quarantines in one transaction; then compares every touched hour with its home's close in a
   * second one. The second starts after the first is visible, so that of two batches which meet in one hour the later
   * always sees both; a crash between them is mended by the redelivery.
   */
  async take(batch: UsageBatch): Promise<void> {
    const now = this.clock.now();
    const touched = await this.unitOfWork.run(async (tx) => {
      const { accepted, refused } = await this.judge(tx, batch, now);
      const closes = await this.judgeCloses(tx, batch);
      if (accepted.length > 0)
        await this.store.raise(
          tx,
          accepted,
          accepted.map(() => this.ids.uuid()),
          now,
        );
      if (closes.accepted.length > 0) await this.store.recordCloses(tx, newestCloses(closes.accepted), now);
      const events = await this.limitEvents.take(tx, batch.limitEvents, now);
      const refusedEvents = events.map(({ event, reason }) => this.aside(batch.region, 'LimitEvent', event, reason));
      await this.store.quarantine(tx, [...refused, ...closes.refused, ...refusedEvents], now);
      return [...hoursOf(batch.windows), ...closes.accepted];
    });
    faultPoint('usage.after_count_before_compare');
    await this.compare(touched);
  }

  /** Counts a window that stood aside, by the rules of now but for its age; answers why it still may not be counted. */
  async countAgain(tx: Tx, region: RegionCode, window: UsageWindowTotal, now: Date): Promise<string | null> {
    const batch = { region, windows: [window], closes: [], limitEvents: [], other: [] };
    const { accepted, refused } = await this.judge(tx, batch, now, true);
    if (accepted.length > 0) await this.store.raise(tx, accepted, [this.ids.uuid()], now);
    return refused[0]?.reason ?? null;
  }

  /** The same of a close. */
  async closeAgain(tx: Tx, region: RegionCode, close: HomeCloseRow, now: Date): Promise<string | null> {
    const { accepted, refused } = await this.judgeCloses(tx, {
      region,
      windows: [],
      closes: [close],
      limitEvents: [],
      other: [],
    });
    if (accepted.length > 0) await this.store.recordCloses(tx, accepted, now);
    return refused[0]?.reason ?? null;
  }

  /** Compares hours with what their homes say they counted: a bill waits for each that differs. */
  async compare(touched: readonly HomeHour[]): Promise<void> {
    const hours = distinctHours(touched);
    if (hours.length === 0) return;
    await this.unitOfWork.run(async (tx) => {
      const closes = await this.store.lockCloses(tx, hours);
      if (closes.length === 0) return;
      const held = byHour(await this.store.windowsOfHours(tx, closes));
      const judged = closes.map((close) => ({ ...close, complete: equals(close, held.get(hourKey(close)) ?? []) }));
      await this.store.markCompleteness(tx, judged);
    });
  }

  private async judge(
    tx: Tx,
    batch: UsageBatch,
    now: Date,
    anyAge = false,
  ): Promise<{ accepted: CountedWindow[]; refused: QuarantinedRecord[] }> {
    const newest = newestOfEach(batch.windows);
    const deployments = await this.deployments.findMany(
      tx,
      newest.map((window) => window.deploymentId),
    );
    const timeZones = await this.subscriptions.timeZones(tx, [...deployments.keys()]);
    const meters = new Map((await this.catalog.meters(tx)).map((meter) => [meter.meter as string, meter]));
    const accepted: CountedWindow[] = [];
    const refused = batch.other.map(({ type, record }) => this.aside(batch.region, type, record, 'TYPE_UNSUPPORTED'));
    for (const window of newest) {
      const deployment = deployments.get(window.deploymentId);
      const timeZone = timeZones.get(window.deploymentId);
      const facts = deployment && timeZone !== undefined ? { ...deployment, timeZone } : undefined;
      const fault = windowFault(window, facts, meters.get(window.meter), {
        now,
        region: batch.region,
        anyAge,
      });
      if (fault === null && deployment !== undefined) {
        accepted.push({ ...window, tenantId: deployment.tenantId, hour: hourOf(window.windowStart).from });
      } else {
        refused.push(this.aside(batch.region, 'UsageWindow', window, fault ?? 'DEPLOYMENT_UNKNOWN'));
      }
    }
    return { accepted, refused };
  }

  /** A home speaks for its own hours only: the topic of its region is the one place where it may write. */
  private async judgeCloses(
    tx: Tx,
    batch: UsageBatch,
  ): Promise<{ accepted: HomeCloseRow[]; refused: QuarantinedRecord[] }> {
    const faults = new Map<string, QuarantineReason | null>();
    for (const homeId of new Set(batch.closes.map((close) => close.homeId))) {
      const home = await this.regions.home(tx, homeId);
      faults.set(homeId, home === null ? 'HOME_UNKNOWN' : home.region === batch.region ? null : 'REGION_MISMATCH');
    }
    return {
      accepted: batch.closes.filter(({ homeId }) => faults.get(homeId) === null),
      refused: batch.closes.flatMap((close) => {
        const fault = faults.get(close.homeId);
        return fault ? [this.aside(batch.region, 'HomeClose', close, fault)] : [];
      }),
    };
  }

  private aside(region: RegionCode, recordType: string, record: unknown, reason: QuarantineReason): QuarantinedRecord {
    const content = canonicalJson(record);
    const recordHash = createHash('sha256').update(`${region}|${recordType}|${content}`).digest('hex');
    return {
      id: this.ids.uuid(),
      region,
      recordType,
      recordHash,
      reason,
      detail: QUARANTINE_REASONS[reason],
      record: JSON.parse(content),
    };
  }
}

/** Of every window, counted or not: a quarantined one is held too, it just counts for nobody. */
export function hoursOf(windows: readonly UsageWindowTotal[]): HomeHour[] {
  return windows.map(({ homeId, incarnation, windowStart }) => ({
    homeId,
    incarnation,
    hour: hourOf(windowStart).from,
  }));
}

function newestCloses(closes: readonly HomeCloseRow[]): HomeCloseRow[] {
  const newest = new Map<string, HomeCloseRow>();
  for (const close of closes) {
    const known = newest.get(hourKey(close));
    if (known === undefined || close.revision > known.revision) newest.set(hourKey(close), close);
  }
  return [...newest.values()];
}

function equals(close: HomeCloseRow, held: readonly HeldWindow[]): boolean {
  return (
    close.windows === held.length &&
    held.every(({ quantity }) => parseTotal(quantity).ok) &&
    close.digest === windowsDigest(held)
  );
}

function byHour(windows: readonly HeldWindow[]): Map<string, HeldWindow[]> {
  const hours = new Map<string, HeldWindow[]>();
  for (const window of windows) {
    const hour = hours.get(hourKey(window));
    if (hour === undefined) hours.set(hourKey(window), [window]);
    else hour.push(window);
  }
  return hours;
}

function distinctHours(touched: readonly HomeHour[]): HomeHour[] {
  return [...new Map(touched.map((hour) => [hourKey(hour), hour])).values()];
}

function hourKey(hour: HomeHour): string {
  return `${hour.homeId}|${hour.incarnation}|${hour.hour.toISOString()}`;
}
