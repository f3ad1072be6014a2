import { waitFor, type ServiceClient } from '@biplane/testing';
import type { E2eStack } from './stack.js';
import { usageEvent, type UsageAnswer, type UsageEvent } from './usage.js';

const BATCH_TYPE = { 'content-type': 'application/cloudevents-batch+json' };
const [BATCH, CLIENTS] = [10, 4];
const PAUSE_MS = 25;
const MOVED = 421;
const GETS_THROUGH_MS = 60_000;

interface LoadSize {
  readonly clients?: number;
  readonly batch?: number;
  /** Where the deployment is served when its home says that it has moved; without it that is as any other refusal. */
  readonly movedTo?: () => Promise<ServiceClient>;
}

/** Usage that comes in all the time, from several clients that send a batch again until it is acknowledged. */
export class UsageLoad {
  private readonly acknowledgedEvents = new Map<string, UsageEvent>();
  private submitter: ServiceClient;
  private isOver = false;
  private isAbandoned = false;
  private batches = 0;

  private constructor(
    private readonly stack: E2eStack,
    private readonly deploymentId: string,
    private readonly name: string,
    private readonly size: LoadSize,
  ) {
    this.submitter = stack.submitter;
  }

  /** Loads while the work goes on; returns how many events were acknowledged, each client's last batch included. */
  static async during(
    stack: E2eStack,
    deploymentId: string,
    name: string,
    work: (load: UsageLoad) => Promise<void>,
    size: LoadSize = {},
  ): Promise<number> {
    const load = new UsageLoad(stack, deploymentId, name, size);
    const clients = Promise.all(Array.from({ length: size.clients ?? CLIENTS }, (_, client) => load.send(client)));
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
    return this.acknowledgedEvents.size;
  }

  get events(): UsageEvent[] {
    return [...this.acknowledgedEvents.values()];
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
      for (const event of batch) this.acknowledgedEvents.set(event.id, event);
      await pause();
    }
  }

  private nextBatch(client: number): UsageEvent[] {
    this.batches += 1;
    const time = this.stack.clock.now();
    return Array.from({ length: this.size.batch ?? BATCH }, (_, item) =>
      usageEvent(this.deploymentId, { id: `${this.name}-${client}-${this.batches}-${item}`, time, quantity: '1' }),
    );
  }

  private async isAcknowledged(batch: readonly UsageEvent[]): Promise<boolean> {
    const answer = await this.submitter.post('/api/v1/usage', batch, BATCH_TYPE).catch(() => null);
    if (answer?.status === MOVED && this.size.movedTo) this.submitter = await this.size.movedTo();
    if (answer === null || answer.status !== 202) return false;
    const { rejected, results } = answer.body as UsageAnswer;
    if (rejected > 0) throw new Error(`The home refuses good usage: ${JSON.stringify(results[0])}`);
    return true;
  }
}

const pause = (): Promise<void> => new Promise((resume) => setTimeout(resume, PAUSE_MS));
