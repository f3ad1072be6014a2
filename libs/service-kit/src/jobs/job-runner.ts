import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { Clock } from '@biplane/kernel';
import { CLOCK } from '../clock/clocks.js';
import { Metrics } from '../metrics/metrics.js';

export interface Job {
  readonly name: string;
  /** Rest between the end of a run and the start of the next. */
  readonly everyMs: number;
  /**
   * Does what is due at `now`, by instants stored in the database: a job that runs twice, late, or in several replicas
   * at once must do no harm.
   */
  readonly run: (now: Date) => Promise<void>;
}

interface Entry {
  readonly job: Job;
  timer: NodeJS.Timeout | null;
  running: Promise<void> | null;
}

/** Runs the jobs of this process, each after its rest. A failed run is logged and counted; the next comes as usual. */
@Injectable()
export class JobRunner implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Jobs');
  private readonly entries = new Map<string, Entry>();
  private started = false;
  private stopping = false;

  constructor(
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(Metrics) private readonly metrics: Metrics,
  ) {}

  register(job: Job): void {
    if (this.entries.has(job.name)) throw new Error(`The job ${job.name} is registered twice`);
    const entry: Entry = { job, timer: null, running: null };
    this.entries.set(job.name, entry);
    if (this.started) this.schedule(entry, 0);
  }

  onApplicationBootstrap(): void {
    this.started = true;
    for (const entry of this.entries.values()) this.schedule(entry, 0);
  }

  /** No run starts any more, and those in flight are waited for. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping = true;
    for (const { timer } of this.entries.values()) if (timer !== null) clearTimeout(timer);
    await Promise.all([...this.entries.values()].map(({ running }) => running));
  }

  private schedule(entry: Entry, delayMs: number): void {
    if (this.stopping) return;
    entry.timer = setTimeout(() => {
      entry.running = this.runOnce(entry).finally(() => {
        entry.running = null;
        this.schedule(entry, entry.job.everyMs);
      });
    }, delayMs);
    entry.timer.unref();
  }

  private async runOnce({ job }: Entry): Promise<void> {
    const startedAtMs = performance.now();
    let result = 'ok';
    try {
      await job.run(this.clock.now());
    } catch (error) {
      result = 'failed';
      this.logger.error({ err: error, job: job.name }, 'job failed');
    }
    this.metrics.observeJob(job.name, result, (performance.now() - startedAtMs) / 1000);
  }
}
