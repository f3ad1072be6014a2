/** The newest `iat` that was verified, and how much monotonic time has passed since it was. */
export interface NewestIssue {
  readonly issuedAtSeconds: number;
  readonly monotonicMsSince: number;
}

/**
 * The time by which licenses are judged: a clock that is set back gains nothing, for a license proves that its `iat` has passed and the
 * monotonic clock counts on from there. A wall clock is never stored, so one that is set forward does no lasting harm.
 */
export function effectiveNow(now: Date, newest?: NewestIssue): Date {
  if (!newest) return now;
  return new Date(Math.max(now.getTime(), newest.issuedAtSeconds * 1000 + newest.monotonicMsSince));
}
