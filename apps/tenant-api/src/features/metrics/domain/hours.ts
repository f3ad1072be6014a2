import { hourOf, hoursOf, periodOf } from '@biplane/billing-calendar';

const HOUR_MS = 3_600_000;
/** Late replicas and clocks a little apart may still bring usage of an hour in this time without a second close. */
export const CLOSE_DELAY_MS = 5 * 60_000;
/** How often what changed in an open hour is sent. */
export const SEND_EVERY_MS = 10_000;
/** A license may say that a deployment was placed long ago; no home closes more than this before its own start. */
const FIRST_HOUR_AGE_MS_MAX = 400 * 24 * HOUR_MS;

/** The hours from `closedThrough` on that ended at least 5 minutes ago, in order, at most `max`. */
export function hoursToClose(closedThrough: Date, now: Date, max: number): Date[] {
  const due = hourOf(new Date(now.getTime() - CLOSE_DELAY_MS)).from;
  return hoursThrough(closedThrough, new Date(due.getTime() - HOUR_MS), max);
}

/** The hours from `closedThrough` on to `last`, which is among them, in order, at most `max`. */
export function hoursThrough(closedThrough: Date, last: Date, max: number): Date[] {
  const until = Math.min(last.getTime() + HOUR_MS, closedThrough.getTime() + max * HOUR_MS);
  if (until <= closedThrough.getTime()) return [];
  return hoursOf(periodOf(closedThrough.getTime(), until)).map(({ from }) => from);
}

export function hourAfter(hour: Date): Date {
  return new Date(hour.getTime() + HOUR_MS);
}

/** As many of the hours, in order, as together hold at most `windowsMax` windows; always one, so that a large one passes. */
export function chunkOf(hours: readonly Date[], windowsIn: (hour: Date) => number, windowsMax: number): Date[] {
  const chunk: Date[] = [];
  let windows = 0;
  for (const hour of hours) {
    windows += windowsIn(hour);
    if (chunk.length > 0 && windows > windowsMax) break;
    chunk.push(hour);
  }
  return chunk;
}

/** By the Clock; one that was set back must not silence a home until it has caught up. */
export function isSendDue(sentAt: Date | null, now: Date): boolean {
  return sentAt === null || now < sentAt || now.getTime() - sentAt.getTime() >= SEND_EVERY_MS;
}

/** The hour from which a home answers for its deployments: core-api waits for every hour since the earliest was placed. */
export function firstHourOf(placedSince: readonly Date[], known: Date, now: Date): Date {
  const oldest = now.getTime() - FIRST_HOUR_AGE_MS_MAX;
  const earliest = placedSince.reduce((least, at) => Math.min(least, Math.max(at.getTime(), oldest)), known.getTime());
  return hourOf(new Date(earliest)).from;
}
