import type { SkipReason } from './tally.js';

/** What is asked of a computed month to decide of its invoice. */
export interface Computed {
  /** Subscribed in the period. */
  readonly deployments: number;
  /** Lines that correct earlier periods. */
  readonly adjustments: number;
  /** What is to be credited of earlier periods. */
  readonly decreases: number;
  /** What `owesNothing` of the invoices says. */
  readonly owesNothing: boolean;
}

/** Whether the period may be invoiced: what `issuing` of the invoices says. */
export type Opened =
  | { readonly state: 'complete' | 'provisional' }
  | { readonly state: 'open'; readonly because: 'PERIOD_RUNS' | 'HOURS_MISSING' };

export type Outcome =
  { readonly kind: 'issue'; readonly provisional: boolean } | { readonly kind: 'skip'; readonly reason: SkipReason };

/**
 * Whether a tenant's month is invoiced now. What waits for hours is not called nothing before its cut-off.
 */
export function outcomeOf({ deployments, adjustments, decreases, owesNothing }: Computed, issuing: Opened): Outcome {
  if (deployments + adjustments + decreases === 0) return { kind: 'skip', reason: 'NO_SUBSCRIPTION' };
  if (issuing.state === 'open') return { kind: 'skip', reason: issuing.because };
  if (owesNothing) return { kind: 'skip', reason: 'NOTHING_OWED' };
  return { kind: 'issue', provisional: issuing.state === 'provisional' };
}
