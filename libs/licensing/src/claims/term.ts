const DAY_MS = 24 * 60 * 60 * 1000;

export const GRACE_DAYS_DEFAULT = 14;
export const NOTICE_DAYS_DEFAULT = 7;

/** The first 24:00 UTC at or after the period's end: a period ends in the tenant's zone, a term at midnight UTC, never before it. */
export function termEnd(periodEndsAt: Date): Date {
  return new Date(Math.ceil(periodEndsAt.getTime() / DAY_MS) * DAY_MS);
}

/** From here on the gate warns. At the term's end itself when another term follows of itself: nobody needs to act. */
export function noticeStart(termEndsAt: Date, renews: boolean, noticeDays: number = NOTICE_DAYS_DEFAULT): Date {
  return renews ? termEndsAt : new Date(termEndsAt.getTime() - noticeDays * DAY_MS);
}

/**
 * From here on the gate blocks. A revoked license stays verifiable until its data may be purged: expired at birth, it would be refused,
 * and the home would never learn that it is revoked.
 */
export function graceEnd(termEndsAt: Date, graceDays: number = GRACE_DAYS_DEFAULT, purgeAfter?: Date): Date {
  const end = termEndsAt.getTime() + graceDays * DAY_MS;
  return new Date(Math.max(end, purgeAfter?.getTime() ?? end));
}
