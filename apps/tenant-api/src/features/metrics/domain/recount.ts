const HOUR_MS = 3_600_000;
/** Longer than any late usage may come. */
export const RECOUNT_AGE_MS_MAX = 36 * 24 * HOUR_MS;
const RECENT_MS = 48 * HOUR_MS;
const HOURS_A_DAY = 24;

/** An hourly run recounts the last two days and a 24th of what is older: so every hour is recounted once a day. */
export function isRecounted(hour: Date, now: Date): boolean {
  const ageMs = now.getTime() - hour.getTime();
  if (ageMs > RECOUNT_AGE_MS_MAX) return false;
  return ageMs <= RECENT_MS || hourOfDay(hour) === hourOfDay(now);
}

const hourOfDay = (instant: Date): number => Math.floor(instant.getTime() / HOUR_MS) % HOURS_A_DAY;
