const DAY_MS = 24 * 3_600_000;

export const REMINDER_LEVELS = [1, 2, 3] as const;
export type ReminderLevel = (typeof REMINDER_LEVELS)[number];

/** Days after `dueAt`, all of them counted from it, whatever happened in between. */
const DAYS: Readonly<Record<ReminderLevel, number>> = { 1: 7, 2: 14, 3: 21 };

export function reminderDueAt(dueAt: Date, level: ReminderLevel): Date {
  return new Date(dueAt.getTime() + DAYS[level] * DAY_MS);
}

export interface ReminderDecision {
  readonly send: ReminderLevel;
  /** Came due while nothing ran: nobody is reminded twice of one thing at once. */
  readonly skip: readonly ReminderLevel[];
}

/** Of the levels that are due and not decided, the last is sent; null when there is none. */
export function remindersDue(dueAt: Date, decided: readonly number[], now: Date): ReminderDecision | null {
  const last = Math.max(0, ...decided);
  const due = REMINDER_LEVELS.filter((level) => level > last && reminderDueAt(dueAt, level) <= now);
  const send = due[due.length - 1];
  return send === undefined ? null : { send, skip: due.slice(0, -1) };
}

export type DunningTarget = 'past_due' | 'suspended';

/** What the oldest unpaid invoice of a tenant asks of its deployments. */
export function dunningTarget(oldestDueAt: Date, now: Date): DunningTarget | null {
  if (reminderDueAt(oldestDueAt, 3) <= now) return 'suspended';
  return reminderDueAt(oldestDueAt, 2) <= now ? 'past_due' : null;
}
