import { err, ok, type Result } from '@biplane/kernel';
import { CalendarErrors } from './calendar.errors.js';
import { dayOf, startOfDay } from './local-day.js';
import { periodOf, type Period } from './period.js';

const MONTH = /^[1-9][0-9]{3}-(?:0[1-9]|1[0-2])$/;

/** A month is written `2026-04`, everywhere. */
export function parseMonth(text: unknown): Result<string> {
  if (typeof text === 'string' && MONTH.test(text)) return ok(text);
  return err(CalendarErrors.MONTH_INVALID({ detail: 'The month is not of the form "2026-04"' }));
}

/** Periods that were found before: a roll-up asks for the same one for each tenant of a zone. */
const known = new Map<string, Period>();
const KNOWN_MAX = 5_000;

/** A platform period: the calendar month as the clocks of the zone show it. Months tile, whatever the zone does. */
export function calendarMonth(month: string, timeZone: string): Period {
  const key = `${month}|${timeZone}`;
  const { from, to } = known.get(key) ?? remembered(key, month, timeZone);
  // Instants of its own for each caller: a `Date` can be changed.
  return periodOf(from.getTime(), to.getTime());
}

function remembered(key: string, month: string, timeZone: string): Period {
  const from = startOfDay(`${month}-01`, timeZone);
  const to = startOfDay(`${nextMonth(month)}-01`, timeZone);
  if (known.size >= KNOWN_MAX) known.clear();
  const period = periodOf(from.getTime(), to.getTime());
  known.set(key, period);
  return period;
}

/** The month whose period holds the instant. */
export function monthOf(instant: Date, timeZone: string): string {
  return dayOf(instant, timeZone).slice(0, '2026-04'.length);
}

export function nextMonth(month: string): string {
  return shifted(month, 1);
}

export function previousMonth(month: string): string {
  return shifted(month, -1);
}

function shifted(month: string, by: 1 | -1): string {
  const count = Number(month.slice(0, 4)) * 12 + Number(month.slice(5)) - 1 + by;
  return `${String(Math.floor(count / 12)).padStart(4, '0')}-${String((count % 12) + 1).padStart(2, '0')}`;
}
