export { CalendarErrors } from './calendar.errors.js';
export { contains, durationMs, intersection, isEmpty, periodOf, type OpenPeriod, type Period } from './period.js';
export { clip, intersect, subtract, totalMs, unite, type Stretches } from './stretches.js';
export { parseTimeZone } from './time-zone.js';
export { dayOf, localDays, startOfDay, type LocalDay } from './local-day.js';
export { calendarMonth, monthOf, nextMonth, parseMonth, previousMonth } from './month.js';
export { hourOf, hoursOf, windowOf, windowsOf } from './hours.js';
export {
  daysAmong,
  daysIn,
  evenMillisIn,
  millisIn,
  shareByDay,
  shareBySecond,
  toRational,
  type Share,
} from './share.js';
export { anchoredPeriod, anchoredPeriods, type Recurrence } from './anchor.js';
export { planStretches, type PlanTurn } from './plan-stretches.js';
export { utcMidnightAtOrAfter } from './term.js';
