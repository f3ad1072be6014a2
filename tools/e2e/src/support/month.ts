import { waitFor } from '@biplane/testing';
import type { E2eStack } from './stack.js';

const HOUR_MS = 3_600_000;
/** Brisbane has no summer time: its months begin at 14:00 UTC of the day before. */
const ZONE_OFFSET_MS = 10 * HOUR_MS;
/** Room for a suite to create its tenants before the month begins, so that each is billed for all of it. */
const LEAD_MS = 6 * HOUR_MS;
/** Past the close of the month's last hour, five minutes after its end. */
const SETTLED_MS = HOUR_MS + 10 * 60_000;

export const TIME_ZONE = 'Australia/Brisbane';

/** A calendar month of Brisbane, half-open. */
export interface Month {
  /** As in `2026-04`. */
  readonly period: string;
  readonly from: Date;
  readonly to: Date;
}

export function monthFrom(year: number, monthIndex: number): Month {
  const start = (index: number) => new Date(Date.UTC(year, index, 1) - ZONE_OFFSET_MS);
  const first = new Date(Date.UTC(year, monthIndex, 1));
  return { period: first.toISOString().slice(0, 7), from: start(monthIndex), to: start(monthIndex + 1) };
}

/** The first month that has not begun; the Clock is moved to a few hours before it. */
export async function openMonth(stack: E2eStack): Promise<Month> {
  await closePassedHours(stack);
  const now = stack.clock.now();
  const local = new Date(now.getTime() + ZONE_OFFSET_MS);
  let index = local.getUTCMonth() + 1;
  let month = monthFrom(local.getUTCFullYear(), index);
  // Less than an hour is too short to create tenants in.
  if (month.from.getTime() - now.getTime() < HOUR_MS) month = monthFrom(local.getUTCFullYear(), (index += 1));
  const eve = new Date(month.from.getTime() - LEAD_MS);
  if (eve > now) {
    await stack.clock.moveTo(eve);
    // A gauge begins the next hour by itself: that one too is over before the month is.
    await hoursTaken(stack, Math.floor((eve.getTime() - SETTLED_MS) / HOUR_MS) * HOUR_MS);
  }
  return month;
}

/**
 * What the suite before counted is closed, sent and taken before the Clock jumps: two months on, core-api would find it too old
 * and set it aside.
 */
async function closePassedHours(stack: E2eStack): Promise<void> {
  const hourOver = Math.floor(stack.clock.now().getTime() / HOUR_MS) * HOUR_MS + SETTLED_MS;
  await stack.clock.moveTo(new Date(hourOver));
  await hoursTaken(stack, hourOver - SETTLED_MS);
}

/** The hours until the one that begins then: closed by the home, and in core-api with all that it said of them. */
async function hoursTaken({ databases, homeId }: E2eStack, lastMs: number): Promise<void> {
  const last = lastMs / 1_000;
  const open = `SELECT 1 FROM usage_window WHERE NOT closed AND hour <= to_timestamp($1)`;
  const waits = `SELECT 1 FROM outbox WHERE published_at IS NULL LIMIT 1`;
  // A consumer that is being given its partitions takes nothing for a while.
  const untaken = `SELECT 1 FROM usage_window WHERE NOT closed AND home_id <> '00000000-0000-0000-0000-000000000000'
    AND window_start BETWEEN to_timestamp($1) - interval '1 day' AND to_timestamp($1) LIMIT 1`;
  const closed = `SELECT 1 FROM home_close WHERE home_id = $2::uuid AND hour = to_timestamp($1)`;
  // A window that was first said as its hour closed is in no table of core-api yet.
  const missing = `SELECT 1 FROM home_close c WHERE c.home_id = $2::uuid AND c.hour <= to_timestamp($1) AND c.windows <>
    (SELECT count(*) FROM usage_window w WHERE (w.home_id, w.incarnation, w.hour) = (c.home_id, c.incarnation, c.hour)) LIMIT 1`;
  const isEmpty = async (database: string, sql: string, values: unknown[] = []): Promise<boolean> =>
    (await databases.query(database, sql, values)).length === 0;
  await waitFor(
    'the home to close and core-api to take every hour that has passed',
    async () =>
      (await isEmpty(databases.home, open, [last])) &&
      (await isEmpty(databases.home, waits)) &&
      (await isEmpty(databases.core, untaken, [last])) &&
      !(await isEmpty(databases.core, closed, [last, homeId])) &&
      (await isEmpty(databases.core, missing, [last, homeId])),
    { everyMs: 250 },
  );
}

/** Moves the Clock to where all hours of the month may be closed. */
export function endMonth(stack: E2eStack, month: Month): Promise<void> {
  return stack.clock.moveTo(new Date(month.to.getTime() + SETTLED_MS));
}
