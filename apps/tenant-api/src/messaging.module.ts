import { Global, Inject, Module, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import type { Clock } from '@biplane/kernel';
import { KafkaBroker, Outbox, OutboxRelay, RelayMetrics, type Broker, type KafkaConnection } from '@biplane/messaging';
import { CLOCK, Metrics } from '@biplane/service-kit';

export const BROKER = Symbol('BROKER');

export interface MessagingOptions {
  readonly kafka: KafkaConnection;
  readonly databaseUrl: string;
}
export const MESSAGING_OPTIONS = Symbol('MESSAGING_OPTIONS');

const FLUSH_MS = 3_000;

/** The one broker of this process, and the outbox of the home database with its relay. */
@Global()
@Module({
  providers: [
    {
      provide: BROKER,
      inject: [MESSAGING_OPTIONS],
      useFactory: ({ kafka }: MessagingOptions) => new KafkaBroker(kafka),
    },
    {
      provide: OutboxRelay,
      inject: [MESSAGING_OPTIONS, BROKER, CLOCK, Metrics],
      useFactory: ({ databaseUrl }: MessagingOptions, broker: Broker, clock: Clock, metrics: Metrics) =>
        new OutboxRelay({
          databaseUrl,
          producer: broker.producer(),
          clock,
          metrics: new RelayMetrics(metrics.registry),
        }),
    },
    {
      provide: Outbox,
      inject: [CLOCK, OutboxRelay],
      useFactory: (clock: Clock, relay: OutboxRelay) => new Outbox({ clock, nudge: () => relay.nudge() }),
    },
  ],
  exports: [BROKER, Outbox, OutboxRelay],
})
export class MessagingModule implements OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(
    @Inject(OutboxRelay) private readonly relay: OutboxRelay,
    @Inject(BROKER) private readonly broker: Broker,
  ) {}

  onApplicationBootstrap(): void {
    this.relay.start();
  }

  /** What is committed should leave before the process does; what stays goes with the next relay. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.relay.flush(FLUSH_MS);
    await this.relay.stop();
    await this.broker.close();
  }
}
