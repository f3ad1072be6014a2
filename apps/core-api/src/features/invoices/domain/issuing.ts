import type { Period } from '@biplane/billing-calendar';

/** Whether a period may be invoiced now. `opensAt` is when it may be at the latest. */
export type Issuing =
  | { readonly state: 'complete' }
  | { readonly state: 'provisional' }
  | { readonly state: 'open'; readonly because: 'PERIOD_RUNS' | 'HOURS_MISSING'; readonly opensAt: Date };

/**
 * A period is invoiced after its end: at once when every home has closed its hours, else at the cut-off, and then
 * provisionally. Source: 50-money, "Usage on a bill".
 */
export function issuing(period: Period, missingHours: number, cutoffHours: number, now: Date): Issuing {
  const cutoff = new Date(period.to.getTime() + cutoffHours * 3_600_000);
  if (now < period.to) return { state: 'open', because: 'PERIOD_RUNS', opensAt: period.to };
  if (missingHours === 0) return { state: 'complete' };
  if (now < cutoff) return { state: 'open', because: 'HOURS_MISSING', opensAt: cutoff };
  return { state: 'provisional' };
}
