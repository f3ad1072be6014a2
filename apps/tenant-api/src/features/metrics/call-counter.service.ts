import { Inject, Injectable, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { Clock } from '@biplane/kernel';
import type { Decider, DrainedUse } from '@biplane/limits';
import type { LicenseClaims } from '@biplane/licensing';
import { CLOCK, IDS, JobRunner, UnitOfWork, type Ids } from '@biplane/service-kit';
import { DECIDER, type CallCounter } from '../license/index.js';
import { WindowCutter } from '@biplane/metering';
import { addCounts, type CountedCalls } from './metrics.store.js';

const FLUSH_EVERY_MS = 1_000;

/** No local day of any zone begins within a quarter of an hour, so that what is logged by it can be recounted by days. */
const LOGGED_MS = 15 * 60_000;

interface Flush {
  readonly sequence: number;
  readonly counts: ReadonlyMap<string, CountedCalls>;
  /** What the limits were told of the same calls. */
  readonly drained: DrainedUse;
}

/**
 * Calls counted by `@Meters`: in memory, added to the windows every second. A flush whose answer was lost is sent again
 * under its number until it is known to be stored, so a process that is killed loses at most its last second and nothing
 * is counted twice.
 */
@Injectable()
export class WindowCallCounter implements CallCounter, OnModuleInit, BeforeApplicationShutdown {
  private readonly cutter = new WindowCutter();
  private readonly processId: string;
  private counts = new Map<string, CountedCalls>();
  private inFlight: Flush | null = null;
  private sequence = 0;
  private flushing: Promise<void> = Promise.resolve();

  constructor(
    @Inject(UnitOfWork) private readonly unitOfWork: UnitOfWork,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) ids: Ids,
    @Inject(DECIDER) private readonly decider: Decider,
    @Inject(JobRunner) private readonly jobs: JobRunner,
  ) {
    this.processId = ids.uuid();
  }

  onModuleInit(): void {
    this.jobs.register({ name: 'usage-counts', everyMs: FLUSH_EVERY_MS, run: () => this.flush() });
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.decider.slices.retire();
    await this.flush().catch(() => undefined);
  }

  /** Of a meter that the license counts here as a sum; others cannot be counted call by call. */
  count(license: LicenseClaims, meter: string, quantity: number, at: Date): void {
    const licensed = Object.hasOwn(license.meters, meter) ? license.meters[meter] : undefined;
    if (licensed?.authority !== 'data' || licensed.aggregation !== 'sum') return;
    const deploymentId = license.deployment.id;
    const window = this.cutter.windowOf(at, license.calendar.timeZone);
    const key = `${deploymentId}|${meter}|${window.from.getTime()}|${Math.floor(at.getTime() / LOGGED_MS)}`;
    const known = this.counts.get(key);
    this.counts.set(key, {
      deploymentId,
      meter,
      window,
      lastAt: at,
      quantity: (known?.quantity ?? 0n) + BigInt(quantity),
      licenseVersion: license.version,
    });
  }

  /** One at a time; a flush that failed is repeated unchanged before anything newer. */
  flush(): Promise<void> {
    const mine = this.flushing.then(() => this.flushAll());
    this.flushing = mine.catch(() => undefined);
    return mine;
  }

  private async flushAll(): Promise<void> {
    do {
      this.inFlight ??= this.next();
      await this.store(this.inFlight);
      this.inFlight = null;
    } while (this.counts.size > 0);
    await this.decider.flushLog();
  }

  private async store({ sequence, counts, drained }: Flush): Promise<void> {
    // Nothing was drained: it only remains to say so.
    if (counts.size + drained.counts.length + drained.slices.length === 0) return this.decider.flush();
    const now = this.clock.now();
    await this.unitOfWork.run(async (tx) => {
      const { counters } = this.decider;
      await counters.ensure(
        tx,
        drained.counts.map(({ key }) => key),
      );
      await addCounts(tx, { processId: this.processId, sequence, now }, [...counts.values()]);
      await this.decider.settle(tx, drained);
    });
  }

  /** In one turn: no call comes between what is counted and what the limits know of it. */
  private next(): Flush {
    const { counts } = this;
    this.counts = new Map();
    this.sequence += 1;
    return { sequence: this.sequence, counts, drained: this.decider.drain() };
  }
}
