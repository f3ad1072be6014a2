import type { BrokerMessage, BrokerRecord, HeaderValue } from '@biplane/messaging';

export interface InMemoryPartition {
  records: BrokerRecord[];
  nextOffset: bigint;
}

/** Topics, partitions and offsets as a broker keeps them. */
export class InMemoryLog {
  private readonly topics = new Map<string, InMemoryPartition[]>();

  create(topic: string, partitions: number): void {
    if (this.topics.has(topic)) return;
    this.topics.set(
      topic,
      Array.from({ length: partitions }, () => ({ records: [], nextOffset: 0n })),
    );
  }

  partitions(topic: string): InMemoryPartition[] {
    const partitions = this.topics.get(topic);
    if (partitions === undefined) throw new Error(`This server does not host ${topic}`);
    return partitions;
  }

  append(message: BrokerMessage): void {
    const partitions = this.partitions(message.topic);
    const number = message.partition ?? hashOf(message.key) % partitions.length;
    const partition = partitions[number];
    if (partition === undefined) throw new Error(`${message.topic} has no partition ${number}`);
    const headers: Record<string, HeaderValue> = {};
    for (const [name, value] of Object.entries(message.headers)) headers[name] = bytesOf(value);
    partition.records.push({
      topic: message.topic,
      partition: number,
      offset: partition.nextOffset,
      key: message.key === null ? null : Buffer.from(message.key),
      value: message.value === null ? null : Buffer.from(message.value),
      headers,
    });
    partition.nextOffset += 1n;
  }

  /** What compaction does: of each key only the newest record stays, and tombstones go with what they buried. */
  compact(topic: string): void {
    for (const partition of this.partitions(topic)) {
      const newest = new Map(partition.records.map((record) => [String(record.key), record]));
      partition.records = partition.records.filter(
        (record) => newest.get(String(record.key)) === record && record.value !== null,
      );
    }
  }
}

function bytesOf(value: HeaderValue): HeaderValue {
  if (Array.isArray(value)) return (value as readonly (string | Buffer)[]).map((each) => Buffer.from(each));
  return Buffer.from(value as string | Buffer);
}

function hashOf(key: string | Buffer | null): number {
  let hash = 0;
  for (const byte of Buffer.from(key ?? '')) hash = (hash * 31 + byte) >>> 0;
  return hash;
}
