import { calendarMonth, monthOf } from './month.js';
import { intersection, isEmpty, periodOf, type Period } from './period.js';

const HOUR_MS = 3_600_000;

/** The UTC hour that holds the instant. */
export function hourOf(instant: Date): Period {
  const from = Math.floor(instant.getTime() / HOUR_MS) * HOUR_MS;
  return periodOf(from, from + HOUR_MS);
}

/** Every UTC hour that the period touches, whole: the hours a home must close before the period is complete. */
export function hoursOf(period: Period): readonly Period[] {
  const hours: Period[] = [];
  if (isEmpty(period)) return hours;
  for (let hour = hourOf(period.from); hour.from < period.to; hour = hourOf(hour.to)) hours.push(hour);
  return hours;
}

/** The usage windows of a billing period: its UTC hours, cut where the period is, so that :30 and :45 zones tile. */
export function windowsOf(period: Period): readonly Period[] {
  return hoursOf(period).flatMap((hour) => intersection(hour, period) ?? []);
}

/** The usage window of an instant: its UTC hour within its month in the tenant's zone. */
export function windowOf(instant: Date, timeZone: string): Period {
  const window = intersection(hourOf(instant), calendarMonth(monthOf(instant, timeZone), timeZone));
  if (!window) throw new Error('An instant lies in its own hour and in its own month');
  return window;
}
