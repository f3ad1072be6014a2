const DAY_MS = 86_400_000;

/** The first 24:00 UTC at or after an instant: where the term of a license ends that covers a period ending then. */
export function utcMidnightAtOrAfter(instant: Date): Date {
  return new Date(Math.ceil(instant.getTime() / DAY_MS) * DAY_MS);
}
