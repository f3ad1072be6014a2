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

/** How long a first run holds up the one after it. */
const FIRST_RUN_MS_MAX = 250;

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
    void this.startInTurn();
  }

  /** One after the other: all at once they would each open a connection, and keep the first requests waiting for one. */
  private async startInTurn(): Promise<void> {
    for (const entry of [...this.entries.values()]) {
      if (this.stopping) return;
      await Promise.race([this.begin(entry), wait(FIRST_RUN_MS_MAX)]);
    }
  }

  /** No run starts any more, and those in flight are waited for. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping = true;
    for (const { timer } of this.entries.values()) if (timer !== null) clearTimeout(timer);
    await Promise.all([...this.entries.values()].map(({ running }) => running));
  }

  private schedule(entry: Entry, delayMs: number): void {
    if (this.stopping) return;
    entry.timer = setTimeout(() => void this.begin(entry), delayMs);
    entry.timer.unref();
  }

  private begin(entry: Entry): Promise<void> {
    entry.running = this.runOnce(entry).finally(() => {
      entry.running = null;
      this.schedule(entry, entry.job.everyMs);
    });
    return entry.running;
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

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms).unref());
}
