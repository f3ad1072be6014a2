import { calendarMonth, contains, monthOf, type Period } from '@biplane/billing-calendar';

/** The calendar month, in the tenant's zone, that holds the instant. */
export function billingPeriodAt(instant: Date, timeZone: string): Period {
  return calendarMonth(monthOf(instant, timeZone), timeZone);
}

/** The period that holds now, or null when the present one still does: after a long stop, months are passed at once. */
export function dueRenewal(present: Period, timeZone: string, now: Date): Period | null {
  return contains(present, now) || now < present.from ? null : billingPeriodAt(now, timeZone);
}
