import { err, ok, type Result } from '@biplane/kernel';
import { Temporal } from 'temporal-polyfill';
import { CalendarErrors } from './calendar.errors.js';
import { dayOf, startOfDay } from './local-day.js';
import { periodOf, type Period } from './period.js';

const MONTH = /^[1-9][0-9]{3}-(?:0[1-9]|1[0-2])$/;

/** A month is written `2026-04`, everywhere. */
export function parseMonth(text: unknown): Result<string> {
  if (typeof text === 'string' && MONTH.test(text)) return ok(text);
  return err(CalendarErrors.MONTH_INVALID({ detail: 'The month is not of the form "2026-04"' }));
}

/** A platform period: the calendar month as the clocks of the zone show it. Months tile, whatever the zone does. */
export function calendarMonth(month: string, timeZone: string): Period {
  const from = startOfDay(`${month}-01`, timeZone);
  const to = startOfDay(`${nextMonth(month)}-01`, timeZone);
  return periodOf(from.getTime(), to.getTime());
}

/** The month whose period holds the instant. */
export function monthOf(instant: Date, timeZone: string): string {
  return dayOf(instant, timeZone).slice(0, '2026-04'.length);
}

export function nextMonth(month: string): string {
  return Temporal.PlainYearMonth.from(month).add({ months: 1 }).toString();
}

export function previousMonth(month: string): string {
  return Temporal.PlainYearMonth.from(month).subtract({ months: 1 }).toString();
}
