import { accessRules, topicDefinitions } from '@biplane/contracts';
import { KafkaAdmin } from '@biplane/messaging';
import { loadEnv, runMain } from '@biplane/service-kit';
import { topicsEnvironmentSpec } from './environment.js';

// The only Kafka admin: creates topics and access rules, never alters what exists. `--replay <topic>` sends dead letters again.
await runMain(async () => {
  const environment = loadEnv(topicsEnvironmentSpec);
  const admin = new KafkaAdmin({
    brokers: environment.KAFKA_BROKERS,
    clientId: 'core-api.topics',
    username: environment.KAFKA_USERNAME,
    password: environment.KAFKA_PASSWORD,
  });
  const replay = process.argv.indexOf('--replay');
  if (replay !== -1) {
    const topic = process.argv[replay + 1];
    if (topic === undefined) throw new Error('--replay needs the name of a topic');
    process.stdout.write(`${await admin.replayDeadLetters(topic)} records of ${topic} sent again\n`);
    return;
  }
  const durability = {
    replicationFactor: environment.KAFKA_REPLICATION_FACTOR,
    minInSyncReplicas: environment.KAFKA_MIN_IN_SYNC_REPLICAS,
  };
  const { created, differences } = await admin.ensureTopics(topicDefinitions(environment.REGIONS, durability));
  await admin.ensureAccess(accessRules(environment.REGIONS));
  process.stdout.write(`topics: ${created.length} created\n`);
  if (differences.length > 0) throw new Error(`Topics differ from the contracts:\n  ${differences.join('\n  ')}`);
});
