import { anchoredPeriod, dayOf, startOfDay } from '@biplane/billing-calendar';

export const RUN_KINDS = ['billing', 'statements'] as const;
export type RunKind = (typeof RUN_KINDS)[number];

/** When runs are due: as a local day begins, each day or on one day of the month. */
export interface Recurring {
  /** 1 to 28; null for every day. */
  readonly dayOfMonth: number | null;
  readonly timeZone: string;
}

/** The first turn after the instant. */
export function nextTurn({ dayOfMonth, timeZone }: Recurring, after: Date): Date {
  const today = dayOf(after, timeZone);
  if (dayOfMonth === null) {
    // A day later by the calendar, whatever the clocks do in between.
    return startOfDay(dayAfter(today), timeZone);
  }
  const anchor = `${today.slice(0, 8)}${String(dayOfMonth).padStart(2, '0')}`;
  const thisMonth = startOfDay(anchor, timeZone);
  return thisMonth > after ? thisMonth : anchoredPeriod({ anchor, months: 1 }, 0, timeZone).to;
}

function dayAfter(day: string): string {
  const next = new Date(`${day}T00:00:00Z`);
  next.setUTCDate(next.getUTCDate() + 1);
  return next.toISOString().slice(0, 10);
}
