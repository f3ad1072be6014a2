import { Inject, Injectable, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { Clock } from '@biplane/kernel';
import type { LicenseClaims } from '@biplane/licensing';
import { CLOCK, IDS, JobRunner, UnitOfWork, type Ids } from '@biplane/service-kit';
import type { CallCounter } from '../license/index.js';
import { WindowCutter } from '@biplane/metering';
import { addCounts, forgetFlushes, type CountedCalls } from './metrics.store.js';

const FLUSH_EVERY_MS = 1_000;
const FORGET_MS = 40 * 24 * 3_600_000;

interface Flush {
  readonly sequence: number;
  readonly counts: ReadonlyMap<string, CountedCalls>;
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
    @Inject(JobRunner) private readonly jobs: JobRunner,
  ) {
    this.processId = ids.uuid();
  }

  onModuleInit(): void {
    this.jobs.register({ name: 'usage-counts', everyMs: FLUSH_EVERY_MS, run: () => this.flush() });
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.flush().catch(() => undefined);
  }

  /** Of a meter that the license counts here as a sum; others cannot be counted call by call. */
  count(license: LicenseClaims, meter: string, quantity: number): void {
    const licensed = Object.hasOwn(license.meters, meter) ? license.meters[meter] : undefined;
    if (licensed?.authority !== 'data' || licensed.aggregation !== 'sum') return;
    const now = this.clock.now();
    const deploymentId = license.deployment.id;
    const window = this.cutter.windowOf(now, license.calendar.timeZone);
    const key = `${deploymentId}|${meter}|${window.from.getTime()}`;
    const known = this.counts.get(key);
    this.counts.set(key, {
      deploymentId,
      meter,
      window,
      lastAt: now,
      quantity: (known?.quantity ?? 0n) + BigInt(quantity),
      licenseVersion: license.version,
    });
  }

  /** Counted here, but not yet known to be stored; in windows that begin at `from` or later. */
  pending(deploymentId: string, meter: string, from: Date | null): bigint {
    let sum = 0n;
    for (const counts of [this.counts, this.inFlight?.counts ?? []]) {
      for (const [, counted] of counts) {
        if (counted.deploymentId !== deploymentId || counted.meter !== meter) continue;
        if (from === null || counted.window.from >= from) sum += counted.quantity;
      }
    }
    return sum;
  }

  /** One at a time; a flush that failed is repeated unchanged before anything newer. */
  flush(): Promise<void> {
    const mine = this.flushing.then(() => this.flushAll());
    this.flushing = mine.catch(() => undefined);
    return mine;
  }

  private async flushAll(): Promise<void> {
    while (this.inFlight !== null || this.counts.size > 0) {
      this.inFlight ??= this.next();
      const { sequence, counts } = this.inFlight;
      const now = this.clock.now();
      await this.unitOfWork.run(async (tx) => {
        await addCounts(tx, { processId: this.processId, sequence, now }, [...counts.values()]);
        if (sequence === 1) await forgetFlushes(tx, new Date(now.getTime() - FORGET_MS));
      });
      this.inFlight = null;
    }
  }

  private next(): Flush {
    const { counts } = this;
    this.counts = new Map();
    this.sequence += 1;
    return { sequence: this.sequence, counts };
  }
}
