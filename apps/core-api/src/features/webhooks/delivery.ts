export const DELIVERY_STATES = ['waiting', 'delivered', 'failed'] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** Of what an operator sends to see an endpoint work; no endpoint asks for it. */
export const TEST_EVENT_TYPE = 'webhook.test';

/** One event for one endpoint, and how its last attempt ended. */
export interface WebhookDelivery {
  readonly id: string;
  readonly endpointId: string;
  /** Of the endpoint. */
  readonly tenantId: string | null;
  /** Sent as `webhook-id`: the same at every attempt and replay, and for every endpoint. */
  readonly eventId: string;
  readonly eventType: string;
  /** The body, byte for byte. */
  readonly payload: string;
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly dueAt: Date;
  readonly giveUpAt: Date;
  readonly lastAttemptAt: Date | null;
  readonly lastStatus: number | null;
  readonly lastError: string | null;
  readonly lastDurationMs: number | null;
  readonly lastResponse: string | null;
  readonly deliveredAt: Date | null;
  readonly replayOf: string | null;
  readonly createdAt: Date;
}

/** A delivery that this process holds until its lease ends. */
export interface Claim {
  readonly id: string;
  readonly endpointId: string;
  readonly eventId: string;
  readonly payload: string;
  /** This attempt included: what a claim that lost its lease is told apart by. */
  readonly attempts: number;
  readonly giveUpAt: Date;
}

export interface AttemptOutcome {
  readonly at: Date;
  readonly status: number | null;
  readonly error: string | null;
  readonly durationMs: number;
  readonly response: string | null;
}
