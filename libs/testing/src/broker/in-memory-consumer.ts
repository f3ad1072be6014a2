import type { BrokerConsumer, BrokerRecord, ConsumerOptions } from '@biplane/messaging';

const BATCH_MAX = 100;
const LOOK_AGAIN_MS = 5;

/** What a consumer needs of the broker that made it. */
export interface ConsumerHost {
  readonly isUp: boolean;
  join(groupId: string, member: InMemoryConsumer): void;
  leave(groupId: string, member: InMemoryConsumer): void;
  generation(groupId: string): number;
  assigned(options: ConsumerOptions, member: InMemoryConsumer): [string, number][];
  read(topic: string, partition: number, from: bigint, limit: number): BrokerRecord[];
  high(topic: string, partition: number): bigint;
  committedAt(groupId: string, place: string): bigint | undefined;
  commit(groupId: string, place: string, offset: bigint): void;
}

/** One member of a group. Partitions are dealt out by number; a change of members makes everyone start over. */
export class InMemoryConsumer implements BrokerConsumer {
  private running: Promise<void> | null = null;
  private stopped = false;
  private generation = -1;
  private caughtUp = false;
  private readonly positions = new Map<string, bigint>();
  private readonly pausedUntil = new Map<string, number>();

  constructor(
    private readonly broker: ConsumerHost,
    private readonly options: ConsumerOptions,
  ) {}

  start(): void {
    this.running ??= this.run();
  }

  restart(): void {
    this.generation = -1;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  private async run(): Promise<void> {
    this.broker.join(this.options.groupId, this);
    while (!this.stopped) {
      const busy = this.broker.isUp && (await this.round());
      if (!busy) await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    }
    this.broker.leave(this.options.groupId, this);
  }

  /** Returns whether anything was delivered. */
  private async round(): Promise<boolean> {
    this.rejoinIfChanged();
    this.options.onEvent?.({ kind: 'progress' });
    let delivered = false;
    for (const [topic, partition] of this.broker.assigned(this.options, this)) {
      if (this.stopped || !this.broker.isUp) return true;
      const place = `${topic}/${partition}`;
      if ((this.pausedUntil.get(place) ?? 0) > performance.now()) {
        delivered = true; // what a paused partition holds is still to come, so nobody has caught up
        continue;
      }
      const records = this.broker.read(topic, partition, this.position(topic, partition), BATCH_MAX);
      if (records.length === 0) continue;
      delivered = true;
      if (!(await this.deliver(topic, partition, records))) return true;
    }
    if (!delivered && !this.caughtUp) {
      this.caughtUp = true;
      this.options.onEvent?.({ kind: 'caught_up' });
    }
    return delivered;
  }

  private async deliver(topic: string, partition: number, records: readonly BrokerRecord[]): Promise<boolean> {
    const { groupId, commits, onBatch, onEvent } = this.options;
    const place = `${topic}/${partition}`;
    const generation = this.generation;
    try {
      const highWatermark = this.broker.high(topic, partition);
      const outcome = await onBatch({ topic, partition, records, highWatermark, heartbeat: async () => undefined });
      if (generation !== this.generation) return false;
      this.positions.set(place, outcome.nextOffset);
      if (commits) this.broker.commit(groupId, place, outcome.nextOffset);
      if (outcome.pauseMs !== undefined) this.pausedUntil.set(place, performance.now() + outcome.pauseMs);
      return true;
    } catch (error) {
      onEvent?.({ kind: 'failed', error });
      this.generation = -1;
      return false;
    }
  }

  private rejoinIfChanged(): void {
    const generation = this.broker.generation(this.options.groupId);
    if (generation === this.generation) return;
    this.generation = generation;
    this.positions.clear();
    this.pausedUntil.clear();
    this.caughtUp = false;
    this.options.onEvent?.({ kind: 'joined' });
  }

  private position(topic: string, partition: number): bigint {
    const place = `${topic}/${partition}`;
    const known = this.positions.get(place) ?? this.broker.committedAt(this.options.groupId, place);
    if (known !== undefined) return known;
    const start = this.options.fromBeginning ? 0n : this.broker.high(topic, partition);
    this.positions.set(place, start);
    return start;
  }
}
