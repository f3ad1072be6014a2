import {
  Global,
  Inject,
  Logger,
  Module,
  type BeforeApplicationShutdown,
  type DynamicModule,
  type InjectionToken,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import type { TopicDefinition } from '@biplane/contracts';
import type { Clock } from '@biplane/kernel';
import { CLOCK, HealthRegistry, Metrics } from '@biplane/service-kit';
import { KafkaTransport, type KafkaTransportOptions } from './consume/kafka-transport.js';
import { KafkaAdmin } from './kafka/kafka-admin.js';
import { KafkaBroker } from './kafka/kafka-broker.js';
import type { KafkaConnection } from './kafka/kafka-client.js';
import { ConsumerMetrics, RelayMetrics } from './messaging-metrics.js';
import { TopicConfigurationError } from './messaging.errors.js';
import { OutboxRelay } from './outbox/outbox-relay.js';
import { Outbox } from './outbox/outbox.js';
import type { Broker, BrokerProducer } from './port.js';

/** The broker of this process. */
export const BROKER = Symbol('BROKER');
const OPTIONS = Symbol('MESSAGING_OPTIONS');
const PRODUCER = Symbol('PRODUCER');
const FLUSH_MS = 5_000;

export interface MessagingOptions {
  readonly connection: KafkaConnection;
  /** The database whose outbox this process sends. */
  readonly databaseUrl: string;
  /** What this process reads and writes. Replication is the operator's and is not compared. */
  readonly topics: readonly TopicDefinition[];
  /** What the transport hands to `@EventPattern` handlers; without it the service has no such handlers. */
  readonly consume?: Pick<KafkaTransportOptions, 'groupId' | 'topics'>;
}

interface MessagingFactory<Dependencies extends unknown[]> {
  readonly inject: InjectionToken[];
  readonly useFactory: (...dependencies: Dependencies) => MessagingOptions;
}

/** The broker of a service: outbox, its relay, and the transport of its event handlers. */
@Global()
@Module({})
export class MessagingModule implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown {
  private readonly logger = new Logger('Messaging');
  private readonly stopping = new AbortController();

  constructor(
    @Inject(OPTIONS) private readonly options: MessagingOptions,
    @Inject(OutboxRelay) private readonly relay: OutboxRelay,
    @Inject(BROKER) private readonly broker: Broker,
    @Inject(PRODUCER) private readonly producer: BrokerProducer,
  ) {}

  static forRoot<Dependencies extends unknown[]>(options: MessagingFactory<Dependencies>): DynamicModule {
    return {
      module: MessagingModule,
      providers: [
        { provide: OPTIONS, ...options },
        {
          provide: BROKER,
          inject: [OPTIONS],
          useFactory: ({ connection }: MessagingOptions) => new KafkaBroker(connection),
        },
        { provide: PRODUCER, inject: [BROKER], useFactory: (broker: Broker) => broker.producer() },
        { provide: OutboxRelay, inject: [OPTIONS, PRODUCER, CLOCK, Metrics], useFactory: relayOf },
        {
          provide: Outbox,
          inject: [CLOCK, OutboxRelay],
          useFactory: (clock: Clock, relay: OutboxRelay) => new Outbox({ clock, nudge: () => relay.nudge() }),
        },
        { provide: KafkaTransport, inject: [OPTIONS, BROKER, CLOCK, Metrics, HealthRegistry], useFactory: transportOf },
      ],
      exports: [BROKER, Outbox, KafkaTransport],
    };
  }

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
    const { connection, topics } = this.options;
    try {
      await new KafkaAdmin(connection).verifyTopicsOnceReachable(topics, this.stopping.signal);
    } catch (error) {
      if (!(error instanceof TopicConfigurationError)) throw error;
      this.logger.fatal({ err: error }, 'the topics are not as the contracts say; run topics.main of core-api');
      process.exit(1);
    }
  }
}

function relayOf(
  { databaseUrl }: MessagingOptions,
  producer: BrokerProducer,
  clock: Clock,
  { registry }: Metrics,
): OutboxRelay {
  return new OutboxRelay({ databaseUrl, producer, clock, metrics: new RelayMetrics(registry) });
}

function transportOf(
  { consume }: MessagingOptions,
  broker: Broker,
  clock: Clock,
  { registry }: Metrics,
  health: HealthRegistry,
): KafkaTransport | null {
  if (consume === undefined) return null;
  return new KafkaTransport({ ...consume, broker, clock, metrics: new ConsumerMetrics(registry), health });
}
