import type { UsageClient } from './usage-client.js';

const FLUSH_MS = 1_000;

/** Counts calls in memory and records their sums each second: a kill loses at most that second of calls, and counts none twice. */
export class CallTally {
  private readonly counts = new Map<string, { deploymentId: string; meter: string; quantity: number }>();
  private readonly timer: NodeJS.Timeout;
  private flushing: Promise<void> = Promise.resolve();

  constructor(private readonly usage: Pick<UsageClient, 'record'>) {
    this.timer = setInterval(() => void this.flush(), FLUSH_MS).unref();
  }

  count(deploymentId: string, meter: string, quantity: number): void {
    const key = `${deploymentId} ${meter}`;
    const known = this.counts.get(key);
    if (known) known.quantity += quantity;
    else this.counts.set(key, { deploymentId, meter, quantity });
  }

  flush(): Promise<void> {
    this.flushing = this.flushing.then(() => this.recordAll());
    return this.flushing;
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.flush();
  }

  /** What cannot be recorded now is counted on. */
  private async recordAll(): Promise<void> {
    const sums = [...this.counts.values()];
    this.counts.clear();
    await Promise.all(
      sums.map(async ({ deploymentId, meter, quantity }) => {
        try {
          await this.usage.record({ deploymentId, meter, quantity: String(quantity) });
        } catch {
          this.count(deploymentId, meter, quantity); // the client counts and tells its refusals itself
        }
      }),
    );
  }
}
