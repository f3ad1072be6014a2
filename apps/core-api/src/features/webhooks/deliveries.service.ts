import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { RefusalError, type Clock } from '@biplane/kernel';
import { CLOCK, IDS, UnitOfWork, type Ids, type Principal, type Tx } from '@biplane/service-kit';
import { Audit, type Actor } from '../audit/index.js';
import { PlatformEvents, type EmittedEvent } from '../events/index.js';
import { DeliveriesStore } from './deliveries.store.js';
import { TEST_EVENT_TYPE, type WebhookDelivery } from './delivery.js';
import { GIVE_UP_MS } from './domain/retry-schedule.js';
import { EndpointsService, mayRead } from './endpoints.service.js';
import { EndpointsStore } from './endpoints.store.js';
import { WebhookErrors } from './webhooks.errors.js';

/** Writes what is to be delivered; the dispatcher delivers it. */
@Injectable()
export class DeliveriesService implements OnModuleInit {
  constructor(
    private readonly events: PlatformEvents,
    private readonly unitOfWork: UnitOfWork,
    private readonly store: DeliveriesStore,
    private readonly endpoints: EndpointsStore,
    private readonly endpointsService: EndpointsService,
    private readonly audit: Audit,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: Ids,
  ) {}

  onModuleInit(): void {
    this.events.addSink((tx, events) => this.fanOut(tx, events));
  }

  /** 404 for those of another tenant's endpoints, and for a tenant those of the platform's. */
  async readable(tx: Tx, id: string, principal: Principal): Promise<WebhookDelivery> {
    const delivery = await this.store.find(tx, id);
    if (delivery === null || !mayRead(principal, delivery.tenantId)) throw notFound(id);
    return delivery;
  }

  /** The same bytes under the same `webhook-id`, as a delivery of its own with three days of its own. */
  replay(id: string, actor: Actor): Promise<WebhookDelivery> {
    return this.unitOfWork.run(async (tx) => {
      const original = await this.store.find(tx, id);
      if (original === null) throw notFound(id);
      await this.refuseDisabled(tx, original.endpointId);
      const { endpointId, tenantId, eventId, eventType, payload } = original;
      const again = this.delivery({ endpointId, tenantId, eventId, eventType, payload, replayOf: id });
      await this.store.insert(tx, [again]);
      await this.audit.record(tx, {
        actor,
        action: 'webhook_delivery.replayed',
        object: { type: 'webhook_delivery', id: again.id },
        tenantId,
        after: { replayOf: id, eventId, eventType },
      });
      return again;
    });
  }

  /** An event that did not happen, for one endpoint alone: it says whether the receiver answers and verifies. */
  test(endpointId: string): Promise<WebhookDelivery> {
    return this.unitOfWork.run(async (tx) => {
      const { tenantId } = await this.refuseDisabled(tx, endpointId);
      const [id, now] = [this.ids.uuid(), this.clock.now()];
      const payload = payloadOf(id, TEST_EVENT_TYPE, now, JSON.stringify({ endpointId }));
      const about = { endpointId, tenantId, eventId: id, eventType: TEST_EVENT_TYPE, payload };
      const delivery = this.delivery({ ...about, replayOf: null });
      await this.store.insert(tx, [delivery]);
      return delivery;
    });
  }

  private async fanOut(tx: Tx, events: readonly EmittedEvent[]): Promise<void> {
    const listening = await this.endpoints.listeningTo(tx, events);
    if (listening.length === 0) return;
    const payloads = events.map(({ id, type, time, value }) => payloadOf(id, type, time, value));
    await this.store.insert(
      tx,
      listening.map(({ id, tenantId, event: index }) => {
        const about = { eventId: events[index]!.id, eventType: events[index]!.type, payload: payloads[index]! };
        return this.delivery({ ...about, endpointId: id, tenantId, replayOf: null });
      }),
    );
  }

  private async refuseDisabled(tx: Tx, endpointId: string) {
    const endpoint = await this.endpointsService.required(tx, endpointId);
    if (endpoint.state === 'enabled') return endpoint;
    const detail = `The endpoint ${endpointId} is disabled: ${endpoint.disabledBecause}`;
    throw new RefusalError(WebhookErrors.ENDPOINT_DISABLED({ detail }));
  }

  private delivery(
    about: Pick<WebhookDelivery, 'endpointId' | 'tenantId' | 'eventId' | 'eventType' | 'payload' | 'replayOf'>,
  ): WebhookDelivery {
    const now = this.clock.now();
    return {
      ...about,
      id: this.ids.uuid(),
      state: 'waiting',
      attempts: 0,
      dueAt: now,
      giveUpAt: new Date(now.getTime() + GIVE_UP_MS),
      lastAttemptAt: null,
      lastStatus: null,
      lastError: null,
      lastDurationMs: null,
      lastResponse: null,
      deliveredAt: null,
      createdAt: now,
    };
  }
}

/** The body: `type`, `timestamp` and `data` as Standard Webhooks names them, and the id once more. */
function payloadOf(id: string, type: string, time: Date, value: string): string {
  // The value is JSON already, and the same bytes as on the topic.
  return `{"id":${JSON.stringify(id)},"type":${JSON.stringify(type)},"timestamp":"${time.toISOString()}","data":${value}}`;
}

function notFound(id: string): RefusalError {
  return new RefusalError(WebhookErrors.DELIVERY_NOT_FOUND({ detail: `There is no delivery ${id}` }));
}
