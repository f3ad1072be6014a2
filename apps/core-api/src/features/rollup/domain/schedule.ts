import { nextMonth, previousMonth } from '@biplane/billing-calendar';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** How late a turn may begin: the restart of a service. */
const LATE_MS_MAX = 10 * 60_000;
/** As long as usage of a month may arrive: until then it can become billable for a tenant that owed nothing. */
const OPEN_DAYS = 36;

/** The roll-up of a month opens on the 1st after it at 03:00 UTC. */
export function opensAt(month: string): Date {
  return new Date(`${nextMonth(month)}-01T03:00:00.000Z`);
}

/** The newest month whose roll-up has opened. */
export function newestOpened(now: Date): string {
  const running = now.toISOString().slice(0, '2026-04'.length);
  const before = previousMonth(running);
  return opensAt(before) <= now ? before : previousMonth(before);
}

/**
 * The months to open now, oldest first: those behind the last one that was opened. The first time it is the newest alone:
 * what a platform did not invoice before it had a schedule is invoiced on demand.
 */
export function monthsToOpen(lastOpened: string | null, now: Date): string[] {
  const newest = newestOpened(now);
  if (lastOpened === null) return [newest];
  const months: string[] = [];
  for (let month = nextMonth(lastOpened); month <= newest; month = nextMonth(month)) months.push(month);
  return months;
}

/**
 * Whether a month's turn has come. A turn that nobody was there for is missed: it is put off by an hour, so that what
 * waited in the topics meanwhile is counted before anything is billed provisionally.
 */
export function turnOf(nextDueAt: Date, now: Date): 'ahead' | 'due' | 'missed' {
  if (now < nextDueAt) return 'ahead';
  return now.getTime() - nextDueAt.getTime() <= LATE_MS_MAX ? 'due' : 'missed';
}

export function putOff(now: Date): Date {
  return new Date(now.getTime() + HOUR_MS);
}

/**
 * When a month is looked at again: at the next full hour from its opening while tenants wait or are parked, else daily for
 * as long as usage of it may still arrive, then never.
 */
export function nextDueAt(month: string, isUnfinished: boolean, now: Date): Date | null {
  const opened = opensAt(month).getTime();
  const everyMs = isUnfinished ? HOUR_MS : DAY_MS;
  const turns = Math.floor((now.getTime() - opened) / everyMs) + 1;
  const due = opened + turns * everyMs;
  return isUnfinished || due <= opened + OPEN_DAYS * DAY_MS ? new Date(due) : null;
}
