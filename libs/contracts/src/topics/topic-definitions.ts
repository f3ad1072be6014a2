import { topics } from './topics.js';

export const TOPIC_PARTITIONS = 12;
const DAY_MS = 24 * 60 * 60 * 1000;
/** A status of 1,000 deployments stays below 100 KB; a record larger than this is somebody's mistake. */
const MESSAGE_BYTES_MAX = 1024 * 1024;

export interface TopicDurability {
  /** 1 on a broker of one node, 3 in production. */
  readonly replicationFactor: number;
  /** 1 on a broker of one node, 2 in production. */
  readonly minInSyncReplicas: number;
}

export interface TopicDefinition {
  readonly name: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly cleanup: 'compact' | 'delete';
  /** Null on compacted topics: the last license of a deployment is kept for ever. */
  readonly retentionMs: number | null;
  /** The topic's configuration as Kafka names it; services compare it at start and refuse another. */
  readonly config: Readonly<Record<string, string>>;
}

type Kind = { cleanup: 'compact' } | { cleanup: 'delete'; retentionDays: number };

const compacted: Kind = { cleanup: 'compact' };
const kept = (retentionDays: number): Kind => ({ cleanup: 'delete', retentionDays });

/** Every topic that there is, for these regions. */
export function topicDefinitions(regions: readonly string[], durability: TopicDurability): TopicDefinition[] {
  const { replicationFactor, minInSyncReplicas } = durability;
  if (minInSyncReplicas > replicationFactor)
    throw new RangeError('min.insync.replicas is above the replication factor');
  return kinds(regions).map(([name, kind]) => {
    const retentionMs = kind.cleanup === 'delete' ? kind.retentionDays * DAY_MS : null;
    const config: Record<string, string> = {
      'cleanup.policy': kind.cleanup,
      'min.insync.replicas': String(minInSyncReplicas),
      'max.message.bytes': String(MESSAGE_BYTES_MAX),
      // A home that was away for a month must still find the tombstone of a deployment that is gone.
      ...(retentionMs === null
        ? { 'delete.retention.ms': String(30 * DAY_MS) }
        : { 'retention.ms': String(retentionMs) }),
    };
    return { name, partitions: TOPIC_PARTITIONS, replicationFactor, cleanup: kind.cleanup, retentionMs, config };
  });
}

function kinds(regions: readonly string[]): [string, Kind][] {
  const regional = [...new Set(regions)].flatMap((region): [string, Kind][] => [
    [topics.issued(region), compacted],
    [topics.applied(region), kept(30)],
    [topics.usage(region), kept(30)],
    [topics.dlq(topics.applied(region)), kept(90)],
    [topics.dlq(topics.usage(region)), kept(90)],
  ]);
  return [[topics.keys, compacted], [topics.events, kept(30)], ...regional];
}

/**
 * What a topic has that a service cannot work with, as sentences; none means that it may start. A license topic that deletes would lose
 * licenses, so the cleanup is compared exactly; more partitions or a longer retention than asked for do no harm.
 */
export function topicMisconfigurations(
  expected: TopicDefinition,
  actual: { readonly partitions: number; readonly config: Readonly<Record<string, string>> },
): string[] {
  const problems: string[] = [];
  const cleanup = actual.config['cleanup.policy'];
  if (cleanup !== expected.cleanup)
    problems.push(`${expected.name}: cleanup.policy is ${cleanup}, not ${expected.cleanup}`);
  if (actual.partitions < expected.partitions) {
    problems.push(`${expected.name}: has ${actual.partitions} partitions, not ${expected.partitions}`);
  }
  const retention = Number(actual.config['retention.ms']);
  if (expected.retentionMs !== null && retention !== -1 && !(retention >= expected.retentionMs)) {
    problems.push(`${expected.name}: retention.ms is ${actual.config['retention.ms']}, below ${expected.retentionMs}`);
  }
  return problems;
}
