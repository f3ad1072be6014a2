import type { E2eStack } from './stack.js';
import { usageEvent, type UsageAnswer, type UsageEvent } from './usage.js';

const BATCH_TYPE = { 'content-type': 'application/cloudevents-batch+json' };
const BATCH = 10;
const PAUSE_MS = 20;

/** Usage that comes in all the time, from several clients that send a batch again until it is acknowledged. */
export class UsageLoad {
  private readonly acknowledgedIds = new Set<string>();
  private readonly clients: Promise<void>[];
  private isOver = false;
  private batches = 0;

  constructor(
    private readonly stack: E2eStack,
    private readonly deploymentId: string,
    private readonly name: string,
    { clients = 4, batchesMax = Number.POSITIVE_INFINITY } = {},
  ) {
    this.clients = Array.from({ length: clients }, (_, client) => this.send(client, batchesMax));
  }

  /** Distinct events that were answered 202: what may never be lost, and never be counted twice. */
  get acknowledged(): number {
    return this.acknowledgedIds.size;
  }

  /** Ends after each client has its last batch acknowledged. */
  async end(): Promise<number> {
    this.isOver = true;
    await Promise.all(this.clients);
    return this.acknowledged;
  }

  private async send(client: number, batchesMax: number): Promise<void> {
    while (!this.isOver && this.batches < batchesMax) {
      const batch = this.nextBatch(client);
      while (!(await this.isAcknowledged(batch))) await new Promise((resume) => setTimeout(resume, PAUSE_MS));
      for (const { id } of batch) this.acknowledgedIds.add(id);
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
