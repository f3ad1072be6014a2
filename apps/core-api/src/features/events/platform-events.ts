import { Inject, Injectable } from '@nestjs/common';
import {
  checkPlatformEvent,
  toCloudEvent,
  topics,
  type PlatformEventData,
  type PlatformEventType,
} from '@biplane/contracts';
import { Outbox, type OutboundRecord } from '@biplane/messaging';
import { IDS, type Ids, type Tx } from '@biplane/service-kit';

/** Something that happened and that third parties may know. */
export interface PlatformEvent<T extends PlatformEventType = PlatformEventType> {
  readonly type: T;
  /** Null for what belongs to no tenant: plans. */
  readonly tenantId: string | null;
  readonly deploymentId?: string;
  /** What it happened to: the id of the deployment or invoice, the code of the plan. */
  readonly subject: string;
  /** A UUID; a new one when left out. Whoever may tell the same thing twice gives it, so that receivers can tell. */
  readonly id?: string;
  /** When it happened. */
  readonly time: Date;
  readonly data: PlatformEventData<T>;
}

/** An event as it leaves: checked, and with the bytes that every receiver gets. */
export interface EmittedEvent {
  readonly id: string;
  readonly type: PlatformEventType;
  readonly tenantId: string | null;
  readonly deploymentId: string | null;
  readonly subject: string;
  readonly time: Date;
  /** JSON. */
  readonly value: string;
}

/** Gets the events of one change, in their order. */
export type EventSink = (tx: Tx, events: readonly EmittedEvent[]) => Promise<void>;

const SOURCE = 'core-api';

/** The one way out for events: the topic `subscription.events`, and whoever else listens, in the transaction of the change. */
@Injectable()
export class PlatformEvents {
  private readonly sinks: EventSink[] = [];

  constructor(
    private readonly outbox: Outbox,
    @Inject(IDS) private readonly ids: Ids,
  ) {}

  /** Called by a feature when it starts: from then on it gets every event, in the emitter's transaction. */
  addSink(sink: EventSink): void {
    this.sinks.push(sink);
  }

  /** A value that its schema refuses is a bug of the emitter: it throws, and the change does not happen. */
  emit<T extends PlatformEventType>(tx: Tx, event: PlatformEvent<T>): Promise<void> {
    return this.emitAll(tx, [event]);
  }

  /** Many events of one transaction, in this order and in few statements. */
  async emitAll(tx: Tx, events: readonly PlatformEvent[]): Promise<void> {
    if (events.length === 0) return;
    const leaving = events.map((event) => this.leaving(event));
    await this.outbox.add(tx, ...leaving.map(({ record }) => record));
    const emitted = leaving.map((each) => each.emitted);
    for (const sink of this.sinks) await sink(tx, emitted);
  }

  private leaving(event: PlatformEvent): { readonly record: OutboundRecord; readonly emitted: EmittedEvent } {
    const { type, tenantId, deploymentId = null, subject, time, data } = event;
    const id = event.id ?? this.ids.uuid();
    const value = { ...(tenantId !== null && { tenantId }), ...(deploymentId !== null && { deploymentId }), ...data };
    const checked = checkPlatformEvent(type, value);
    if (!checked.ok) throw new Error(`The event cannot leave: ${checked.error.detail}`);
    const record = toCloudEvent({ type, source: SOURCE, subject, time, id, data: value });
    return {
      record: { topic: topics.events, key: tenantId ?? subject, ...record },
      emitted: { id, type, tenantId, deploymentId, subject, time, value: record.value },
    };
  }
}
