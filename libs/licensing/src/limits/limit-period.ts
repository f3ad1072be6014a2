import { calendarMonth, localDays, monthOf, periodOf, type Period } from '@biplane/billing-calendar';
import type { LimitWindow } from '../claims/claims.js';

/** The window of a limit that holds `now`, in the license's own calendar; null for a level, which no calendar resets. */
export function limitPeriod(window: LimitWindow, now: Date, timeZone: string): Period | null {
  switch (window) {
    case 'day':
      return localDays(periodOf(now.getTime(), now.getTime() + 1), timeZone)[0]?.period ?? null;
    case 'month':
      return calendarMonth(monthOf(now, timeZone), timeZone);
    case null:
      return null;
  }
}
