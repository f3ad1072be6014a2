import type {
  Broker,
  BrokerConsumer,
  BrokerMessage,
  BrokerProducer,
  BrokerRecord,
  ConsumerOptions,
  PartitionMarks,
} from '@biplane/messaging';
import { InMemoryConsumer, type ConsumerHost } from './in-memory-consumer.js';
import { InMemoryLog } from './in-memory-log.js';

/** A broker for unit specs: the same port as Kafka, held to it by `brokerConformance`. */
export class InMemoryBroker implements Broker, ConsumerHost {
  private readonly log = new InMemoryLog();
  private readonly offsets = new Map<string, Map<string, bigint>>();
  private readonly groups = new Map<string, { members: InMemoryConsumer[]; generation: number }>();
  private up = true;

  get isUp(): boolean {
    return this.up;
  }

  createTopic(topic: string, partitions = 3): void {
    this.log.create(topic, partitions);
  }

  compact(topic: string): void {
    this.log.compact(topic);
  }

  /** False: as if the network were gone, until it is set again. */
  setUp(up: boolean): void {
    this.up = up;
  }

  records(topic: string): BrokerRecord[] {
    return this.log.partitions(topic).flatMap(({ records }) => records);
  }

  producer(): BrokerProducer {
    return {
      send: async (messages: readonly BrokerMessage[]) => {
        this.mustBeUp();
        for (const { topic } of messages) this.log.partitions(topic);
        for (const message of messages) this.log.append(message);
      },
      close: async () => undefined,
    };
  }

  consumer(options: ConsumerOptions): BrokerConsumer {
    return new InMemoryConsumer(this, options);
  }

  async marks(topics: readonly string[]): Promise<PartitionMarks[]> {
    this.mustBeUp();
    return topics.flatMap((topic) =>
      this.log
        .partitions(topic)
        .map((partition, number) => ({ topic, partition: number, low: 0n, high: partition.nextOffset })),
    );
  }

  async committed(groupId: string, topics: readonly string[]): Promise<Map<string, bigint>> {
    this.mustBeUp();
    const group = this.offsets.get(groupId) ?? new Map<string, bigint>();
    return new Map([...group].filter(([place]) => topics.some((topic) => place.startsWith(`${topic}/`))));
  }

  async deleteGroup(groupId: string): Promise<void> {
    this.mustBeUp();
    if (this.groups.get(groupId)?.members.length) throw new Error(`The group ${groupId} is not empty`);
    this.offsets.delete(groupId);
  }

  async answers(): Promise<boolean> {
    return this.up;
  }

  async close(): Promise<void> {}

  // What follows is for the consumers.

  join(groupId: string, member: InMemoryConsumer): void {
    const group = this.groups.get(groupId) ?? { members: [], generation: 0 };
    group.members.push(member);
    group.generation += 1;
    this.groups.set(groupId, group);
  }

  leave(groupId: string, member: InMemoryConsumer): void {
    const group = this.groups.get(groupId);
    if (group === undefined) return;
    group.members = group.members.filter((each) => each !== member);
    group.generation += 1;
  }

  generation(groupId: string): number {
    return this.groups.get(groupId)?.generation ?? 0;
  }

  assigned({ groupId, topics }: ConsumerOptions, member: InMemoryConsumer): [string, number][] {
    const members = this.groups.get(groupId)?.members ?? [];
    return topics.flatMap((topic) =>
      this.log
        .partitions(topic)
        .map((_, number): [string, number] => [topic, number])
        .filter(([, number]) => members[number % members.length] === member),
    );
  }

  read(topic: string, partition: number, from: bigint, limit: number): BrokerRecord[] {
    const records = this.log.partitions(topic)[partition]?.records ?? [];
    return records.filter(({ offset }) => offset >= from).slice(0, limit);
  }

  high(topic: string, partition: number): bigint {
    return this.log.partitions(topic)[partition]?.nextOffset ?? 0n;
  }

  committedAt(groupId: string, place: string): bigint | undefined {
    return this.offsets.get(groupId)?.get(place);
  }

  commit(groupId: string, place: string, offset: bigint): void {
    const group = this.offsets.get(groupId) ?? new Map<string, bigint>();
    this.offsets.set(groupId, group.set(place, offset));
  }

  private mustBeUp(): void {
    if (!this.up) throw new Error('The broker is away');
  }
}
