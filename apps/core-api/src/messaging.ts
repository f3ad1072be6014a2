import { topicDefinitions, topics } from '@biplane/contracts';
import { MessagingModule, type MessagingOptions } from '@biplane/messaging';
import { defaultInstanceId } from '@biplane/service-kit';
import { ENVIRONMENT, type CoreEnvironment } from './environment.js';

/** Sends the outbox of the core database; takes in what the homes report. */
const messagingOf = (env: CoreEnvironment): MessagingOptions => ({
  connection: {
    brokers: env.KAFKA_BROKERS,
    clientId: `core-api.${env.INSTANCE_ID ?? defaultInstanceId()}`,
    username: env.KAFKA_USERNAME,
    password: env.KAFKA_PASSWORD,
  },
  databaseUrl: env.CORE_DATABASE_URL,
  topics: topicDefinitions(env.REGIONS, { replicationFactor: 1, minInSyncReplicas: 1 }),
  consume: {
    groupId: env.CONSUMER_GROUP,
    topics: {
      'license.applied': env.REGIONS.map(topics.applied),
      'usage.metrics': env.REGIONS.map(topics.usage),
    },
  },
});

export const MESSAGING = MessagingModule.forRoot({ inject: [ENVIRONMENT], useFactory: messagingOf });
