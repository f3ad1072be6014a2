import type { INestApplication } from '@nestjs/common';
import { Catch } from '@nestjs/common';
import type { PlaneEvent } from '@biplane/contracts';
import type { Clock } from '@biplane/kernel';
import type { HealthRegistry } from '@biplane/service-kit';
import {
  BaseRpcContext,
  NestMicroservice,
  Server,
  type CustomTransportStrategy,
  type MessageHandler,
} from '@nestjs/microservices';
import { isObservable, lastValueFrom, throwError, type Observable } from 'rxjs';
import type { ConsumerMetrics } from '../messaging-metrics.js';
import type { Broker, BrokerConsumer, BrokerProducer } from '../port.js';
import { BatchProcessor } from './batch-processor.js';
import { ConsumerHealth } from './consumer-health.js';
import { parseEvent, type ConsumedBatch, type ParseRecord } from './consumed-batch.js';

export interface KafkaTransportOptions {
  readonly broker: Broker;
  readonly groupId: string;
  /** `@EventPattern` (the family of a topic) → the topics behind it: `{ 'license.applied': regions.map(topics.applied) }`. */
  readonly topics: Readonly<Record<string, readonly string[]>>;
  readonly clock: Clock;
  readonly metrics?: ConsumerMetrics;
  readonly health?: HealthRegistry;
  /** The contracts' parser by default. */
  readonly parse?: ParseRecord<PlaneEvent>;
}

type Events = Record<string, never>;

/**
 * Nest transport for the topics up: handlers keep `@EventPattern('license.applied')` and get a `ConsumedBatch`.
 * Nest's own Kafka transport commits what failed, has no dead letters and no batches. Here an offset is committed only
 * after the handler's transaction.
 */
export class KafkaTransport extends Server<Events> implements CustomTransportStrategy {
  override readonly propagatesEventHandlerErrors = true;
  private consumer: BrokerConsumer | null = null;
  private deadLetters: BrokerProducer | null = null;

  constructor(private readonly options: KafkaTransportOptions) {
    super();
  }

  /** Returns at once: a broker that is away at start keeps nothing else from starting. */
  listen(callback: () => void): void {
    const { broker, groupId, clock, metrics, health } = this.options;
    const topics = this.handledTopics();
    const deadLetters = (this.deadLetters = broker.producer());
    const processor = new BatchProcessor<PlaneEvent>({
      handle: (batch) => this.handle(batch),
      parse: this.options.parse ?? parseEvent,
      deadLetters,
      clock,
      ...(metrics && { metrics }),
    });
    const liveness = new ConsumerHealth(broker);
    health?.addLiveness(`consumer:${groupId}`, () => liveness.check());
    this.consumer = broker.consumer({
      groupId,
      topics,
      fromBeginning: true,
      commits: true,
      onBatch: (batch) => processor.process(batch),
      onEvent: (event) => {
        liveness.observe(event);
        if (event.kind === 'failed') this.logger.warn(`consumer ${groupId} is built anew: ${String(event.error)}`);
      },
    });
    this.consumer.start();
    callback();
  }

  /** Finishes the batch in flight, commits it, leaves the group. */
  async close(): Promise<void> {
    await this.consumer?.stop();
    await this.deadLetters?.close();
    this.consumer = null;
    this.deadLetters = null;
  }

  on(): never {
    throw new Error('KafkaTransport emits no events; its state is told by health and metrics');
  }

  unwrap<T>(): T {
    return this.consumer as T;
  }

  private handledTopics(): string[] {
    const families = [...this.messageHandlers.keys()];
    const unknown = families.filter((family) => this.options.topics[family] === undefined);
    if (unknown.length > 0) throw new Error(`No topics are named for the patterns ${unknown.join(', ')}`);
    const unhandled = Object.keys(this.options.topics).filter((family) => !this.messageHandlers.has(family));
    // A subscribed topic without handler would be committed unread.
    if (unhandled.length > 0) throw new Error(`No handler has the patterns ${unhandled.join(', ')}`);
    return families.flatMap((family) => this.options.topics[family] ?? []);
  }

  private async handle(batch: ConsumedBatch): Promise<void> {
    const family = Object.entries(this.options.topics).find(([, topics]) => topics.includes(batch.topic))?.[0];
    let handler: MessageHandler | undefined = family === undefined ? undefined : this.messageHandlers.get(family);
    if (handler === undefined) throw new Error(`No handler for ${batch.topic}`);
    for (; handler !== undefined; handler = handler.next as MessageHandler | undefined) {
      const returned: unknown = await handler(batch, new BaseRpcContext([batch.topic, batch.partition]));
      if (isObservable(returned)) await lastValueFrom(returned as Observable<unknown>, { defaultValue: undefined });
    }
  }
}

/** Nest would replace what a handler throws by "Internal server error"; the transport must see which error it was. */
@Catch()
export class PassErrorsOn {
  catch(error: unknown): Observable<never> {
    return throwError(() => error);
  }
}

/**
 * Connects the transport to an application; `await app.startAllMicroservices()` starts it. Nest would bind the handlers at
 * once, before the filter is there, and what they throw would be no more than "Internal server error" to the transport.
 */
export function connectKafka(app: INestApplication, transport: KafkaTransport): void {
  const microservice = app.connectMicroservice({ strategy: transport }, { deferInitialization: true });
  microservice.useGlobalFilters(new PassErrorsOn());
  if (!(microservice instanceof NestMicroservice)) throw new Error('Nest gave another kind of microservice');
  microservice.registerListeners();
  microservice.setIsInitialized(true);
  // The application calls the hooks of the modules that they share.
  microservice.setIsInitHookCalled(true);
}
