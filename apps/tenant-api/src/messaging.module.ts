import {
  Global,
  Inject,
  Logger,
  Module,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { topicDefinitions, topics } from '@biplane/contracts';
import type { Clock } from '@biplane/kernel';
import {
  KafkaAdmin,
  KafkaBroker,
  Outbox,
  OutboxRelay,
  RelayMetrics,
  TopicConfigurationError,
  type BrokerProducer,
  type KafkaConnection,
} from '@biplane/messaging';
import { CLOCK, defaultInstanceId, Metrics } from '@biplane/service-kit';
import { ENVIRONMENT, type TenantEnvironment } from './environment.js';

/** The broker, behind the port of `@biplane/messaging`. */
export const BROKER = Symbol('BROKER');
const PRODUCER = Symbol('PRODUCER');
const FLUSH_MS = 5_000;

function connectionOf(environment: TenantEnvironment): KafkaConnection {
  return {
    brokers: environment.KAFKA_BROKERS,
    clientId: `tenant-api.${environment.INSTANCE_ID ?? defaultInstanceId()}`,
    username: environment.KAFKA_USERNAME,
    password: environment.KAFKA_PASSWORD,
  };
}

/** The broker of this process, the outbox of the home database and the relay that sends it. */
@Global()
@Module({
  providers: [
    {
      provide: BROKER,
      inject: [ENVIRONMENT],
      useFactory: (env: TenantEnvironment) => new KafkaBroker(connectionOf(env)),
    },
    { provide: PRODUCER, inject: [BROKER], useFactory: (broker: KafkaBroker) => broker.producer() },
    {
      provide: OutboxRelay,
      inject: [ENVIRONMENT, PRODUCER, CLOCK, Metrics],
      useFactory: (env: TenantEnvironment, producer: BrokerProducer, clock: Clock, { registry }: Metrics) =>
        new OutboxRelay({ databaseUrl: env.HOME_DATABASE_URL, producer, clock, metrics: new RelayMetrics(registry) }),
    },
    {
      provide: Outbox,
      inject: [CLOCK, OutboxRelay],
      useFactory: (clock: Clock, relay: OutboxRelay) => new Outbox({ clock, nudge: () => relay.nudge() }),
    },
  ],
  exports: [BROKER, Outbox],
})
export class MessagingModule implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown {
  private readonly logger = new Logger('Messaging');
  private readonly stopping = new AbortController();

  constructor(
    @Inject(OutboxRelay) private readonly relay: OutboxRelay,
    @Inject(BROKER) private readonly broker: KafkaBroker,
    @Inject(PRODUCER) private readonly producer: BrokerProducer,
    @Inject(ENVIRONMENT) private readonly environment: TenantEnvironment,
  ) {}

  onApplicationBootstrap(): void {
    this.relay.start();
    void this.verifyTopics();
  }

  beforeApplicationShutdown(): void {
    this.stopping.abort();
  }

  /** After every feature has said its last: what is committed goes out before the process ends, the rest by the next one. */
  async onApplicationShutdown(): Promise<void> {
    await this.relay.flush(FLUSH_MS);
    await this.relay.stop();
    await this.producer.close();
    await this.broker.close();
  }

  /** A broker that is away keeps nothing from starting; wrong topics end the process as soon as it answers. */
  private async verifyTopics(): Promise<void> {
    const { REGION: region } = this.environment;
    const ours = [topics.keys, topics.issued(region), topics.applied(region), topics.usage(region)];
    // Replication is the operator's and is not compared.
    const definitions = topicDefinitions([region], { replicationFactor: 1, minInSyncReplicas: 1 }).filter(({ name }) =>
      ours.includes(name),
    );
    try {
      await new KafkaAdmin(connectionOf(this.environment)).verifyTopicsOnceReachable(definitions, this.stopping.signal);
    } catch (error) {
      if (!(error instanceof TopicConfigurationError)) throw error;
      this.logger.fatal({ err: error }, 'the topics are not as the contracts say; run topics.main of core-api');
      process.exit(1);
    }
  }
}
