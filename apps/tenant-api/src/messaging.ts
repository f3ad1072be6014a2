import { topicDefinitions, topics } from '@biplane/contracts';
import { MessagingModule, type MessagingOptions } from '@biplane/messaging';
import { defaultInstanceId } from '@biplane/service-kit';
import { ENVIRONMENT, type TenantEnvironment } from './environment.js';

/** Sends the outbox of the home database; licenses come in by their own reader. */
function messagingOf(env: TenantEnvironment): MessagingOptions {
  const { REGION: region } = env;
  const ours = [topics.keys, topics.issued(region), topics.applied(region), topics.usage(region)];
  return {
    connection: {
      brokers: env.KAFKA_BROKERS,
      clientId: `tenant-api.${env.INSTANCE_ID ?? defaultInstanceId()}`,
      username: env.KAFKA_USERNAME,
      password: env.KAFKA_PASSWORD,
    },
    databaseUrl: env.HOME_DATABASE_URL,
    topics: topicDefinitions([region], { replicationFactor: 1, minInSyncReplicas: 1 }).filter(({ name }) =>
      ours.includes(name),
    ),
  };
}

export const MESSAGING = MessagingModule.forRoot({ inject: [ENVIRONMENT], useFactory: messagingOf });
