import { topicMisconfigurations, topics, type AccessRule, type TopicDefinition } from '@biplane/contracts';
import kafkajs, { type AclEntry, type Admin, type Kafka } from 'kafkajs';
import { backoffMs, wait } from '../backoff.js';
import { replayed } from '../consume/dead-letters.js';
import { TopicConfigurationError } from '../messaging.errors.js';
import { KafkaBroker } from './kafka-broker.js';
import { kafkaClient, type KafkaConnection } from './kafka-client.js';

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ConfigResourceTypes, ResourcePatternTypes } = kafkajs;
const SETTLE_TIMEOUT_MS = 15_000;
const SETTLE_POLL_MS = 20;
const VERIFY_BACKOFF = { firstMs: 250, maxMs: 5_000 };
/** Longer than any replay: what came after its start is for the next one. */
const HOLD_MS = 24 * 60 * 60 * 1000;

/** For `topics.main.ts` (creates) and for services at their start (verifies only). */
export class KafkaAdmin {
  private readonly kafka: Kafka;

  constructor(private readonly connection: KafkaConnection) {
    this.kafka = kafkaClient(connection);
  }

  /** Creates what is missing. What exists is never altered; how it differs is returned as sentences. */
  async ensureTopics(definitions: readonly TopicDefinition[]): Promise<{ created: string[]; differences: string[] }> {
    return this.withAdmin(async (admin) => {
      const existing = new Set(await admin.listTopics());
      const missing = definitions.filter(({ name }) => !existing.has(name));
      if (missing.length > 0) {
        await admin.createTopics({
          // kafkajs' own wait takes a topic that is not known everywhere yet for an error.
          waitForLeaders: false,
          topics: missing.map(({ name, partitions, replicationFactor, config }) => ({
            topic: name,
            numPartitions: partitions,
            replicationFactor,
            configEntries: Object.entries(config).map(([key, value]) => ({ name: key, value })),
          })),
        });
      }
      await settled('topics', () => topicsServed(admin, missing));
      return { created: missing.map(({ name }) => name), differences: await differences(admin, definitions) };
    });
  }

  /** Rejects with `TopicConfigurationError` when a topic is missing or other than contracts say. */
  async verifyTopics(definitions: readonly TopicDefinition[]): Promise<void> {
    const found = await this.withAdmin((admin) => differences(admin, definitions));
    if (found.length > 0) throw new TopicConfigurationError(found);
  }

  /** Waits for the broker's first answer, however long that takes, then verifies. A service ends when this rejects. */
  async verifyTopicsOnceReachable(definitions: readonly TopicDefinition[], signal: AbortSignal): Promise<void> {
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      try {
        return await this.verifyTopics(definitions);
      } catch (error) {
        if (error instanceof TopicConfigurationError) throw error;
        await wait(backoffMs(attempt, VERIFY_BACKOFF), signal);
      }
    }
  }

  /** Adds the rules that are not there; adding one again changes nothing. */
  async ensureAccess(rules: readonly AccessRule[]): Promise<void> {
    const acl = rules.flatMap((rule) =>
      rule.operations.map((operation) => ({
        resourceType: rule.resource === 'topic' ? AclResourceTypes.TOPIC : AclResourceTypes.GROUP,
        resourceName: rule.name,
        resourcePatternType: rule.pattern === 'literal' ? ResourcePatternTypes.LITERAL : ResourcePatternTypes.PREFIXED,
        principal: `User:${rule.user}`,
        host: '*',
        operation: AclOperationTypes[operation],
        permissionType: AclPermissionTypes.ALLOW,
      })),
    );
    await this.withAdmin(async (admin) => {
      await admin.createAcls({ acl });
      await settled('access rules', () => rulesInForce(admin, acl));
    });
  }

  /** For tests: what they created. */
  async deleteTopics(names: readonly string[]): Promise<void> {
    await this.withAdmin((admin) => admin.deleteTopics({ topics: [...names] }));
  }

  /**
   * Sends the dead letters of a topic to that topic again, as they were, and returns how many. Each is sent once, however
   * often this runs; one that fails again comes back as a new letter and waits for the next run.
   */
  async replayDeadLetters(topic: string): Promise<number> {
    const letters = topics.dlq(topic);
    const groupId = `replay.${letters}`;
    const broker = new KafkaBroker(this.connection);
    const committed = await broker.committed(groupId, [letters]);
    const targets = new Map<number, bigint>();
    for (const { partition, low, high } of await broker.marks([letters])) {
      const from = committed.get(`${letters}/${partition}`) ?? 0n;
      if ((from > low ? from : low) < high) targets.set(partition, high);
    }
    if (targets.size === 0) return 0;
    return this.replayUntil(broker, groupId, topic, targets);
  }

  private async replayUntil(
    broker: KafkaBroker,
    groupId: string,
    topic: string,
    targets: Map<number, bigint>,
  ): Promise<number> {
    const producer = broker.producer();
    let count = 0;
    let finished = (): void => undefined;
    const done = new Promise<void>((resolve) => (finished = resolve));
    const consumer = broker.consumer({
      groupId,
      topics: [topics.dlq(topic)],
      fromBeginning: true,
      commits: true,
      onBatch: async ({ partition, records, highWatermark }) => {
        const target = targets.get(partition);
        const first = records[0]?.offset ?? highWatermark;
        if (target === undefined) return { nextOffset: first, pauseMs: HOLD_MS };
        const due = records.filter(({ offset }) => offset < target);
        await producer.send(due.map((letter) => replayed(letter, topic)));
        count += due.length;
        const nextOffset = (due.at(-1)?.offset ?? first - 1n) + 1n;
        if (nextOffset < target && due.length === records.length) return { nextOffset };
        targets.delete(partition);
        // Ends after this batch is committed: stopping waits for it.
        if (targets.size === 0) finished();
        return { nextOffset, pauseMs: HOLD_MS };
      },
      onEvent: ({ kind }) => {
        if (kind === 'caught_up') finished();
      },
    });
    consumer.start();
    await done;
    await consumer.stop();
    await producer.close();
    return count;
  }

  private async withAdmin<T>(work: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = this.kafka.admin();
    try {
      await admin.connect();
      return await work(admin);
    } finally {
      await admin.disconnect().catch(() => undefined);
    }
  }
}

/** Kafka answers before every broker knows: what was made is used only once it is seen. */
async function settled(what: string, seen: () => Promise<boolean>): Promise<void> {
  const until = performance.now() + SETTLE_TIMEOUT_MS;
  while (!(await seen())) {
    if (performance.now() > until) throw new Error(`The broker took the ${what}, but does not show them`);
    await wait(SETTLE_POLL_MS, new AbortController().signal);
  }
}

async function topicsServed(admin: Admin, definitions: readonly TopicDefinition[]): Promise<boolean> {
  const visible = new Set(await admin.listTopics());
  if (!definitions.every(({ name }) => visible.has(name))) return false;
  if (definitions.length === 0) return true;
  const metadata = await admin.fetchTopicMetadata({ topics: definitions.map(({ name }) => name) });
  return definitions.every(({ name, partitions }) => {
    const found = metadata.topics.find((topic) => topic.name === name)?.partitions ?? [];
    return found.length >= partitions && found.every(({ leader }) => leader >= 0);
  });
}

const ruleName = (type: number, name: string, pattern: number, operation: number): string =>
  [type, name, pattern, operation].join('|');

async function rulesInForce(admin: Admin, acl: readonly AclEntry[]): Promise<boolean> {
  for (const principal of new Set(acl.map((entry) => entry.principal))) {
    const { resources } = await admin.describeAcls({
      resourceType: AclResourceTypes.ANY,
      resourcePatternType: ResourcePatternTypes.ANY,
      principal,
      operation: AclOperationTypes.ANY,
      permissionType: AclPermissionTypes.ANY,
    });
    const inForce = new Set(
      resources.flatMap(({ resourceType, resourceName, resourcePatternType, acls }) =>
        acls.map(({ operation }) => ruleName(resourceType, resourceName, resourcePatternType, operation)),
      ),
    );
    const wanted = acl.filter((entry) => entry.principal === principal);
    const all = wanted.every((entry) =>
      inForce.has(ruleName(entry.resourceType, entry.resourceName, entry.resourcePatternType, entry.operation)),
    );
    if (!all) return false;
  }
  return true;
}

async function differences(admin: Admin, definitions: readonly TopicDefinition[]): Promise<string[]> {
  const visible = new Set(await admin.listTopics());
  const missing = definitions.filter(({ name }) => !visible.has(name));
  const present = definitions.filter(({ name }) => visible.has(name));
  const found = missing.map(({ name }) => `${name}: does not exist, or this user may not see it`);
  if (present.length === 0) return found;
  const metadata = await admin.fetchTopicMetadata({ topics: present.map(({ name }) => name) });
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: present.map(({ name }) => ({ type: ConfigResourceTypes.TOPIC, name })),
  });
  for (const definition of present) {
    const { name } = definition;
    const partitions = metadata.topics.find((topic) => topic.name === name)?.partitions.length ?? 0;
    const entries = resources.find(({ resourceName }) => resourceName === name)?.configEntries ?? [];
    const config = Object.fromEntries(entries.map(({ configName, configValue }) => [configName, configValue]));
    found.push(...topicMisconfigurations(definition, { partitions, config }));
  }
  return found;
}
