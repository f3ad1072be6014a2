import { randomBytes } from 'node:crypto';
import { accessRules, homeUser, topicDefinitions, topics, type TopicDefinition } from '@biplane/contracts';
import { KafkaAdmin, KafkaBroker, type KafkaConnection } from '@biplane/messaging';
import { requiredVariable } from '../test-environment.js';

/** `home` acts as the home of the test's region. */
export type TestKafkaUser = 'topics' | 'core' | 'home';

export interface TestKafka {
  /** Random, so that two suites never share a topic or a group. */
  readonly region: string;
  readonly topics: {
    readonly keys: string;
    readonly issued: string;
    readonly applied: string;
    readonly usage: string;
    readonly appliedDlq: string;
    readonly usageDlq: string;
  };
  readonly definitions: readonly TopicDefinition[];
  readonly admin: KafkaAdmin;
  connection(user: TestKafkaUser): KafkaConnection;
  broker(user: TestKafkaUser): KafkaBroker;
  /** One more topic, readable and writable by `topics` alone. */
  createTopic(options?: { partitions?: number; config?: Record<string, string> }): Promise<string>;
  close(): Promise<void>;
}

/** The real home user whose rights the test's region is given. */
const ACTING_HOME = 'home-eu-1';

/** Topics of a region of its own, with the contract's access rules. Fewer partitions than 12 make a suite quicker. */
export async function testKafka(
  options: { partitions?: number; environment?: NodeJS.ProcessEnv } = {},
): Promise<TestKafka> {
  const region = `t-${randomBytes(4).toString('hex')}`;
  const connection = (user: TestKafkaUser): KafkaConnection => connectionOf(user, region, options.environment);
  const admin = new KafkaAdmin(connection('topics'));
  const durability = { replicationFactor: 1, minInSyncReplicas: 1 };
  const all = topicDefinitions([region], durability);
  // The topics that regions share keep the contract's partitions: other suites use them too.
  const definitions = all.map((definition) => ({
    ...definition,
    partitions: definition.name.includes(region)
      ? (options.partitions ?? definition.partitions)
      : definition.partitions,
  }));
  const created: string[] = definitions.map(({ name }) => name).filter((name) => name.includes(region));
  await admin.ensureTopics(definitions);
  await admin.ensureAccess(
    accessRules([region]).map((rule) => (rule.user === homeUser(region) ? { ...rule, user: ACTING_HOME } : rule)),
  );
  const names = { keys: topics.keys, issued: topics.issued(region), applied: topics.applied(region) };
  const usage = topics.usage(region);
  return {
    region,
    topics: { ...names, usage, appliedDlq: topics.dlq(names.applied), usageDlq: topics.dlq(usage) },
    definitions,
    admin,
    connection,
    broker: (user) => new KafkaBroker(connection(user)),
    async createTopic({ partitions = 1, config = {} } = {}) {
      const name = `test.${region}.${randomBytes(4).toString('hex')}`;
      await admin.ensureTopics([
        { name, partitions, replicationFactor: 1, cleanup: 'delete', retentionMs: null, config: { ...config } },
      ]);
      created.push(name);
      return name;
    },
    close: () => admin.deleteTopics(created),
  };
}

function connectionOf(user: TestKafkaUser, region: string, env?: NodeJS.ProcessEnv): KafkaConnection {
  const users = JSON.parse(requiredVariable('TEST_KAFKA_USERS', env)) as Record<string, string>;
  const username = user === 'home' ? ACTING_HOME : user;
  const password = users[username];
  if (password === undefined) throw new Error(`TEST_KAFKA_USERS names no ${username}`);
  const brokers = requiredVariable('TEST_KAFKA_BROKERS', env).split(',');
  return { brokers, clientId: `test.${region}.${user}`, username, password };
}
