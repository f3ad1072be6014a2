export { limitKey, limitKeysOf, keyText, type LimitKey } from './domain/limit-key.js';
export { sliceSize, SLICE_TTL_MS, SLICE_USABLE_MS } from './domain/slice-rules.js';
export type { SettledSlice } from './domain/slice-ledger.js';
export {
  LimitCounters,
  type Adjustment,
  type CountChange,
  type CountState,
  type UsageSource,
} from './limit-counters.js';
export { SliceBank, type SliceBankOptions, type Taken, type TakeOptions } from './slice-bank.js';
export { Reservations, type ConfirmedUsage, type Hold, type ReservationRequest } from './reservations.js';
export type { Reservation, ReservationState } from './store/reservations.js';
export { TICKET_HOLD_MS, Tickets, TICKETS_MAX, type CapOf, type TicketLimits, type TicketRequest } from './tickets.js';
export type { Ticket, TicketState } from './store/tickets.js';
export { Throttles } from './throttles.js';
export { WarnThresholds, type PassedThreshold } from './warn-thresholds.js';
export { DecisionLog, questionHash } from './decision-log.js';
export type { DecisionRow } from './store/decisions.js';
export { LevelLimits, type LevelSource, type LevelTaken } from './level-limits.js';
export { forgetLimits, LIMITS_KEEP_MS } from './retention.js';
export { QueueErrors, ReservationErrors, TicketErrors } from './limits.errors.js';
export { Decider, type DrainedUse } from './decider.js';
export { DecisionMetrics } from './decision-metrics.js';
export type {
  AdmitQuestion,
  CheckedDecision,
  CheckQuestion,
  DeciderOptions,
  DecisionObserver,
  LimitPassed,
  Question,
  Refused,
} from './questions.js';
