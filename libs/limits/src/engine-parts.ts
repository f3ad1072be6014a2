import type { DecisionLog } from './decision-log.js';
import type { LicenseKeys } from './domain/license-keys.js';
import type { LimitCounters } from './limit-counters.js';
import type { LimitWatch } from './limit-watch.js';
import type { DeciderOptions } from './questions.js';
import type { Reservations } from './reservations.js';
import type { SliceBank } from './slice-bank.js';
import type { Throttles } from './throttles.js';
import type { Tickets } from './tickets.js';

/** What a Decider is made of. */
export interface EngineParts {
  readonly options: DeciderOptions;
  readonly keys: LicenseKeys;
  readonly counters: LimitCounters;
  readonly slices: SliceBank;
  readonly reservations: Reservations;
  readonly tickets: Tickets;
  readonly throttles: Throttles;
  readonly watch: LimitWatch;
  readonly log: DecisionLog;
}
