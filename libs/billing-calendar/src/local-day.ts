import { Temporal } from 'temporal-polyfill';
import { isEmpty, periodOf, type Period } from './period.js';

/** A date as the clocks of a zone show it, and the part of time that is called by it. */
export interface LocalDay {
  /** `2026-04-01` */
  readonly date: string;
  readonly period: Period;
}

/** The first instant of a date in a zone. A date that the zone skipped begins (and ends) where the next one does. */
export function startOfDay(date: string, timeZone: string): Date {
  return startOf(Temporal.PlainDate.from(date), timeZone);
}

/**
 * The date whose day holds the instant. Where clocks went back over midnight (St. John's until 2011), the repeated
 * minutes belong to the day that had already begun: days tile, so no instant is in two of them.
 */
export function dayOf(instant: Date, timeZone: string): string {
  return plainDayOf(instant, timeZone).toString();
}

/** Every local day that the period touches, whole, in order. A skipped date is none of them. */
export function localDays(period: Period, timeZone: string): readonly LocalDay[] {
  const days: LocalDay[] = [];
  if (isEmpty(period)) return days;
  let date = plainDayOf(period.from, timeZone);
  let start = startOf(date, timeZone);
  while (start < period.to) {
    const next = date.add({ days: 1 });
    const end = startOf(next, timeZone);
    const day = { date: date.toString(), period: periodOf(start.getTime(), end.getTime()) };
    if (!isEmpty(day.period)) days.push(day);
    [date, start] = [next, end];
  }
  return days;
}

function plainDayOf(instant: Date, timeZone: string): Temporal.PlainDate {
  const shown = Temporal.Instant.fromEpochMilliseconds(instant.getTime()).toZonedDateTimeISO(timeZone).toPlainDate();
  const next = shown.add({ days: 1 });
  return startOf(next, timeZone) <= instant ? next : shown;
}

function startOf(date: Temporal.PlainDate, timeZone: string): Date {
  return new Date(date.toZonedDateTime({ timeZone }).epochMilliseconds);
}
