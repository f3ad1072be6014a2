import { waitFor } from '@biplane/testing';
import type { E2eStack } from './stack.js';
import { usageEvent, type UsageAnswer, type UsageEvent } from './usage.js';

const BATCH_TYPE = { 'content-type': 'application/cloudevents-batch+json' };
const BATCH = 10;
const CLIENTS = 4;
const PAUSE_MS = 25;
const GETS_THROUGH_MS = 60_000;

/** Usage that comes in all the time, from several clients that send a batch again until it is acknowledged. */
export class UsageLoad {
  private readonly acknowledgedIds = new Set<string>();
  private isOver = false;
  private isAbandoned = false;
  private batches = 0;

  private constructor(
    private readonly stack: E2eStack,
    private readonly deploymentId: string,
    private readonly name: string,
  ) {}

  /** Loads while the work goes on; returns how many events were acknowledged, each client's last batch included. */
  static async during(
    stack: E2eStack,
    deploymentId: string,
    name: string,
    work: (load: UsageLoad) => Promise<void>,
  ): Promise<number> {
    const load = new UsageLoad(stack, deploymentId, name);
    const clients = Promise.all(Array.from({ length: CLIENTS }, (_, client) => load.send(client)));
    clients.catch(() => undefined);
    try {
      await work(load);
    } catch (error) {
      load.isAbandoned = true;
      throw error;
    } finally {
      load.isOver = true;
      await clients;
    }
    return load.acknowledged;
  }

  /** Distinct events that were answered 202: what may never be lost, and never be counted twice. */
  get acknowledged(): number {
    return this.acknowledgedIds.size;
  }

  /** Until so many more were acknowledged than now. */
  async gets(more: number): Promise<void> {
    const target = this.acknowledged + more;
    await waitFor(`${more} events more to be acknowledged`, () => this.acknowledged >= target, {
      deadlineMs: GETS_THROUGH_MS,
    });
  }

  private async send(client: number): Promise<void> {
    while (!this.isOver) {
      const batch = this.nextBatch(client);
      while (!(await this.isAcknowledged(batch))) {
        if (this.isAbandoned) return;
        await pause();
      }
      for (const { id } of batch) this.acknowledgedIds.add(id);
      await pause();
    }
  }

  private nextBatch(client: number): UsageEvent[] {
    this.batches += 1;
    const time = this.stack.clock.now();
    return Array.from({ length: BATCH }, (_, item) =>
      usageEvent(this.deploymentId, { id: `${this.name}-${client}-${this.batches}-${item}`, time, quantity: '1' }),
    );
  }

  private async isAcknowledged(batch: readonly UsageEvent[]): Promise<boolean> {
    const answer = await this.stack.submitter.post('/api/v1/usage', batch, BATCH_TYPE).catch(() => null);
    if (answer === null || answer.status !== 202) return false;
    const { rejected, results } = answer.body as UsageAnswer;
    if (rejected > 0) throw new Error(`The home refuses good usage: ${JSON.stringify(results[0])}`);
    return true;
  }
}

const pause = (): Promise<void> => new Promise((resume) => setTimeout(resume, PAUSE_MS));
