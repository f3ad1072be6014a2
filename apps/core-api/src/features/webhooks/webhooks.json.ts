import type { WebhookDelivery } from './delivery.js';
import type { WebhookEndpoint } from './endpoint.js';
import type { DeliveryDto, DeliveryPageDto, EndpointDto } from './webhooks.dto.js';

/** Without anything of its secrets. */
export function endpointJson(endpoint: WebhookEndpoint): EndpointDto {
  return {
    id: endpoint.id,
    tenantId: endpoint.tenantId,
    url: endpoint.url,
    description: endpoint.description,
    eventTypes: endpoint.eventTypes,
    state: endpoint.state,
    disabledBecause: endpoint.disabledBecause,
    previousSecretUntil: endpoint.previousSecretUntil,
    failingSince: endpoint.failingSince,
    createdAt: endpoint.createdAt,
    updatedAt: endpoint.updatedAt,
  };
}

export function deliveryJson(delivery: WebhookDelivery): DeliveryDto {
  return {
    id: delivery.id,
    endpointId: delivery.endpointId,
    tenantId: delivery.tenantId,
    eventId: delivery.eventId,
    eventType: delivery.eventType,
    state: delivery.state,
    attempts: delivery.attempts,
    nextAttemptAt: delivery.state === 'waiting' ? delivery.dueAt : null,
    lastAttemptAt: delivery.lastAttemptAt,
    lastStatus: delivery.lastStatus,
    lastError: delivery.lastError,
    lastDurationMs: delivery.lastDurationMs,
    deliveredAt: delivery.deliveredAt,
    replayOf: delivery.replayOf,
    createdAt: delivery.createdAt,
  };
}

export function deliveryPageJson(delivery: WebhookDelivery): DeliveryPageDto {
  return { ...deliveryJson(delivery), payload: delivery.payload, lastResponse: delivery.lastResponse };
}
