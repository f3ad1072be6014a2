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
  ConsumerMetrics,
  KafkaAdmin,
  KafkaBroker,
  KafkaTransport,
  Outbox,
  OutboxRelay,
  RelayMetrics,
  TopicConfigurationError,
  type BrokerProducer,
  type KafkaConnection,
} from '@biplane/messaging';
import { CLOCK, defaultInstanceId, HealthRegistry, Metrics } from '@biplane/service-kit';
import { ENVIRONMENT, type CoreEnvironment } from './environment.js';

const PRODUCER = Symbol('PRODUCER');
const FLUSH_MS = 5_000;

function connectionOf(environment: CoreEnvironment): KafkaConnection {
  return {
    brokers: environment.KAFKA_BROKERS,
    clientId: `core-api.${environment.INSTANCE_ID ?? defaultInstanceId()}`,
    username: environment.KAFKA_USERNAME,
    password: environment.KAFKA_PASSWORD,
  };
}

/** The broker of this process: outbox, its relay, and the transport that hands records to `@EventPattern` handlers. */
@Global()
@Module({
  providers: [
    {
      provide: KafkaBroker,
      inject: [ENVIRONMENT],
      useFactory: (env: CoreEnvironment) => new KafkaBroker(connectionOf(env)),
    },
    { provide: PRODUCER, inject: [KafkaBroker], useFactory: (broker: KafkaBroker) => broker.producer() },
    {
      provide: OutboxRelay,
      inject: [ENVIRONMENT, PRODUCER, CLOCK, Metrics],
      useFactory: (env: CoreEnvironment, producer: BrokerProducer, clock: Clock, { registry }: Metrics) =>
        new OutboxRelay({ databaseUrl: env.CORE_DATABASE_URL, producer, clock, metrics: new RelayMetrics(registry) }),
    },
    {
      provide: Outbox,
      inject: [CLOCK, OutboxRelay],
      useFactory: (clock: Clock, relay: OutboxRelay) => new Outbox({ clock, nudge: () => relay.nudge() }),
    },
    {
      provide: KafkaTransport,
      inject: [ENVIRONMENT, KafkaBroker, CLOCK, Metrics, HealthRegistry],
      useFactory: (env: CoreEnvironment, broker: KafkaBroker, clock: Clock, metrics: Metrics, health: HealthRegistry) =>
        new KafkaTransport({
          broker,
          groupId: 'core-api.reports',
          topics: {
            'license.applied': env.REGIONS.map(topics.applied),
            'usage.metrics': env.REGIONS.map(topics.usage),
          },
          clock,
          metrics: new ConsumerMetrics(metrics.registry),
          health,
        }),
    },
  ],
  exports: [Outbox, KafkaTransport],
})
export class MessagingModule implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown {
  private readonly logger = new Logger('Messaging');
  private readonly stopping = new AbortController();

  constructor(
    private readonly relay: OutboxRelay,
    private readonly broker: KafkaBroker,
    @Inject(PRODUCER) private readonly producer: BrokerProducer,
    @Inject(ENVIRONMENT) private readonly environment: CoreEnvironment,
  ) {}

  onApplicationBootstrap(): void {
    this.relay.start();
    void this.verifyTopics();
  }

  /** What this process committed goes out before it ends; what does not is sent by the next. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.relay.flush(FLUSH_MS);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.relay.stop();
    await this.producer.close();
    await this.broker.close();
  }

  /** A broker that is away keeps nothing from starting; wrong topics end the process as soon as it answers. */
  private async verifyTopics(): Promise<void> {
    // Replication is the operator's and is not compared.
    const definitions = topicDefinitions(this.environment.REGIONS, { replicationFactor: 1, minInSyncReplicas: 1 });
    try {
      await new KafkaAdmin(connectionOf(this.environment)).verifyTopicsOnceReachable(definitions, this.stopping.signal);
    } catch (error) {
      if (!(error instanceof TopicConfigurationError)) throw error;
      this.logger.fatal({ err: error }, 'the topics are not as the contracts say; run topics.main');
      process.exit(1);
    }
  }
}
