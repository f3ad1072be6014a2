import { choice, integer, nullable, object } from '../schema/schema.js';
import { code, instant, quantity, total, uuid, version } from '../schema/scalars.js';
import { ofDeployment, period } from './parts.js';

const plane = choice('control', 'data');

export const usageEvents = {
  /** A limit was reached or its threshold passed, in either plane. */
  'subscription.entitlement.exceeded': object({
    ...ofDeployment,
    module: code,
    meter: code,
    kind: choice('warned', 'denied', 'delayed', 'overage'),
    threshold: nullable(quantity),
    used: total,
    cap: quantity,
    /** The plane that counts this meter. */
    plane,
    /** How often since `firstAt`. */
    count: integer(1),
    firstAt: instant,
    lastAt: instant,
    licenseVersion: version,
    /** Of the violation that it opened or belongs to, when it is one. */
    violationId: nullable(uuid),
  }),
  /** A request that was queued has its turn: what it asked for is held until `expiresAt` under `reservationId`. */
  'subscription.ticket.admitted': object({
    ...ofDeployment,
    ticketId: uuid,
    meter: code,
    quantity,
    reservationId: uuid,
    queuedAt: instant,
    admittedAt: instant,
    expiresAt: instant,
  }),
  /** The total of one window is known: `revision` rises when late usage changes it, the highest counts. */
  'subscription.usage.recorded': object({
    ...ofDeployment,
    meter: code,
    aggregation: choice('sum', 'peak', 'last'),
    window: period,
    quantity: total,
    revision: version,
    plane,
    /** The home that counted; the zero UUID is the control plane. */
    homeId: uuid,
  }),
} as const;
