import { Temporal } from 'temporal-polyfill';
import { startOfDay } from './local-day.js';
import { periodOf, type Period } from './period.js';

/** How often an anchored period comes again. */
export interface Recurrence {
  /** The first day of the first period, `2026-01-31`, as the clocks of the zone show it. */
  readonly anchor: string;
  /** 1 for every month, 3 for every quarter, 12 for every year. */
  readonly months: number;
}

/**
 * The period of that number, 0 being the first. Each is counted from the anchor, never from the period before it, so that
 * the day comes back: 31 January, 28 February (29 in a leap year), 31 March. They tile in every zone.
 */
export function anchoredPeriod({ anchor, months }: Recurrence, index: number, timeZone: string): Period {
  if (!Number.isSafeInteger(months) || months < 1) throw new RangeError(`${months} months is no recurrence`);
  const startOf = (count: number) => startOfDay(dayAfterMonths(anchor, count * months), timeZone);
  return periodOf(startOf(index).getTime(), startOf(index + 1).getTime());
}

/** The periods that the bounds touch, whole and in order; none is before the anchor. */
export function anchoredPeriods(recurrence: Recurrence, bounds: Period, timeZone: string): readonly Period[] {
  const periods: Period[] = [];
  let index = indexBefore(recurrence, bounds.from);
  for (;;) {
    const period = anchoredPeriod(recurrence, index, timeZone);
    if (period.from >= bounds.to) return periods;
    if (period.to > bounds.from) periods.push(period);
    index += 1;
  }
}

function dayAfterMonths(anchor: string, months: number): string {
  return Temporal.PlainDate.from(anchor).add({ months }, { overflow: 'constrain' }).toString();
}

/** At most the index of the period that holds the instant, and not far from it: zones and short months move it by two months. */
function indexBefore({ anchor, months }: Recurrence, instant: Date): number {
  const [year = 0, month = 1] = anchor.split('-').map(Number);
  const passed = (instant.getUTCFullYear() - year) * 12 + instant.getUTCMonth() + 1 - month;
  return Math.max(0, Math.floor(passed / months) - 2);
}
