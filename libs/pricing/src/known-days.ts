import { localDays, type LocalDay, type Period } from '@biplane/billing-calendar';

/** More zones and months than a roll-up goes through; behind it, all is found anew. */
const PERIODS_MAX = 512;
/** More than a month has. A quote may be of ten years, and so many days are not kept for who asks once. */
const DAYS_MAX = 40;

const known = new Map<string, readonly LocalDay[]>();

/** The local days of a period. Finding them takes longer than pricing a bill, and all tenants of a zone have the same. */
export function daysOf(period: Period, timeZone: string): readonly LocalDay[] {
  const key = `${timeZone}|${period.from.getTime()}|${period.to.getTime()}`;
  const found = known.get(key);
  if (found) return found;
  const days = localDays(period, timeZone);
  if (days.length > DAYS_MAX) return days;
  if (known.size >= PERIODS_MAX) known.clear();
  known.set(key, days);
  return days;
}
