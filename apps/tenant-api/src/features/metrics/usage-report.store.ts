import { executeSql, querySql, type Tx } from '@biplane/service-kit';
import type { MeterAggregation } from '@biplane/licensing';

export interface HomeState {
  readonly incarnation: number;
  readonly firstHour: Date;
  readonly closedThrough: Date;
  readonly usageSentAt: Date | null;
}

/** A window as it stands, ready to be reported. */
export interface WindowTotal {
  readonly deploymentId: string;
  readonly meter: string;
  readonly aggregation: MeterAggregation;
  readonly windowStart: Date;
  readonly windowEnd: Date;
  readonly hour: Date;
  readonly quantity: string;
  readonly revision: number;
  readonly closed: boolean;
  readonly licenseVersion: number | null;
  /** When its latest reading was taken: of a gauge that two homes counted in one window, the later one counts. */
  readonly lastAt: Date;
}

/** A window of an hour that is being closed; `isNews` when this revision was never sent. */
export interface ClosedWindow extends WindowTotal {
  readonly isNews: boolean;
}

const TOTAL = `w.deployment_id::text AS "deploymentId", w.meter, w.aggregation, w.window_start AS "windowStart",
  w.window_end AS "windowEnd", w.hour, trim_scale(w.quantity)::text AS quantity, w.revision::float8 AS revision, w.closed,
  w.license_version AS "licenseVersion", w.last_event_at AS "lastAt"`;
/** The order in which whoever counts takes locks, so that a close and a batch never wait on each other. */
const LOCK_ORDER = 'deployment_id, meter COLLATE "C", window_start';

/** The home's row, made at its first start. */
export async function ensureHome(tx: Tx, homeId: string, firstHour: Date): Promise<void> {
  await executeSql(
    tx,
    `INSERT INTO home_state (home_id, incarnation, first_hour, closed_through)
     VALUES ($1::uuid, 1, $2::text::timestamptz, $2::text::timestamptz) ON CONFLICT DO NOTHING`,
    [homeId, firstHour.toISOString()],
  );
}

/** Holding it is the right to report until the end of the transaction; undefined while another replica does. */
export async function lockHome(tx: Tx, homeId: string): Promise<HomeState | undefined> {
  const [row] = await querySql<HomeState>(
    tx,
    `SELECT incarnation, first_hour AS "firstHour", closed_through AS "closedThrough", usage_sent_at AS "usageSentAt"
       FROM home_state WHERE home_id = $1::uuid FOR UPDATE SKIP LOCKED`,
    [homeId],
  );
  return row;
}

/** The hours before the one known so far are still to be closed; those that are keep their close. */
export async function lowerFirstHour(tx: Tx, homeId: string, firstHour: Date): Promise<void> {
  await executeSql(
    tx,
    `UPDATE home_state SET first_hour = $2::text::timestamptz, closed_through = $2::text::timestamptz
      WHERE home_id = $1::uuid AND first_hour > $2::text::timestamptz`,
    [homeId, firstHour.toISOString()],
  );
}

export async function markClosedThrough(tx: Tx, homeId: string, through: Date): Promise<void> {
  await executeSql(tx, 'UPDATE home_state SET closed_through = $2::text::timestamptz WHERE home_id = $1::uuid', [
    homeId,
    through.toISOString(),
  ]);
}

export async function markSent(tx: Tx, homeId: string, sentAt: Date): Promise<void> {
  await executeSql(tx, 'UPDATE home_state SET usage_sent_at = $2::text::timestamptz WHERE home_id = $1::uuid', [
    homeId,
    sentAt.toISOString(),
  ]);
}

/**
 * Those of the hours that are not closed yet, in order, with how many windows each has now. One that was closed before its end, as
 * its home was put to sleep, is closed once more when the home is there at its end, or wakes after it.
 */
export function openHours(tx: Tx, hours: readonly Date[]): Promise<{ hour: Date; windows: number }[]> {
  return querySql(
    tx,
    `SELECT h.hour, (SELECT count(*)::int FROM usage_window w WHERE w.hour = h.hour) AS windows
       FROM unnest(string_to_array($1::text, ',')::timestamptz[]) AS h(hour)
      WHERE NOT EXISTS (SELECT 1 FROM hour_close c WHERE c.hour = h.hour AND c.closed_at >= h.hour + interval '1 hour')
      ORDER BY h.hour`,
    [list(hours)],
  );
}

/** Hours that are closed and have windows which changed since, in order. */
export function lateHours(tx: Tx, max: number): Promise<{ hour: Date; windows: number }[]> {
  return querySql(
    tx,
    `SELECT hour, (SELECT count(*)::int FROM usage_window w WHERE w.hour = late.hour) AS windows
       FROM (SELECT DISTINCT u.hour FROM usage_window u JOIN hour_close c ON c.hour = u.hour
              WHERE u.sent_revision < u.revision ORDER BY u.hour LIMIT $1::int) late ORDER BY hour`,
    [max],
  );
}

/** Marks windows of open hours as sent and answers them. One that is being counted in just now goes the next time. */
export function takeUnsent(tx: Tx, max: number): Promise<WindowTotal[]> {
  return querySql<WindowTotal>(
    tx,
    `WITH unsent AS (
       SELECT deployment_id, meter, window_start FROM usage_window u
        WHERE sent_revision < revision AND NOT EXISTS (SELECT 1 FROM hour_close c WHERE c.hour = u.hour)
        ORDER BY hour LIMIT $1::int FOR UPDATE SKIP LOCKED
     )
     UPDATE usage_window w SET sent_revision = w.revision FROM unsent
      WHERE (w.deployment_id, w.meter, w.window_start) = (unsent.deployment_id, unsent.meter, unsent.window_start)
     RETURNING ${TOTAL}`,
    [max],
  );
}

/**
 * Closes every window that the hours hold and marks it as sent. A window that was open takes the next revision: its last
 * one was perhaps sent as that of an open window.
 */
export async function closeWindows(tx: Tx, hours: readonly Date[]): Promise<ClosedWindow[]> {
  await querySql(
    tx,
    `SELECT 1 AS locked FROM usage_window WHERE hour = ANY(string_to_array($1::text, ',')::timestamptz[])
      ORDER BY ${LOCK_ORDER} FOR UPDATE`,
    [list(hours)],
  );
  return querySql<ClosedWindow>(
    tx,
    `WITH before AS (
       SELECT deployment_id, meter, window_start, sent_revision FROM usage_window
        WHERE hour = ANY(string_to_array($1::text, ',')::timestamptz[])
     ), closed AS (
       UPDATE usage_window w
          SET closed = true, revision = w.revision + (NOT w.closed)::int, sent_revision = w.revision + (NOT w.closed)::int
         FROM before b WHERE (w.deployment_id, w.meter, w.window_start) = (b.deployment_id, b.meter, b.window_start)
       RETURNING w.*, b.sent_revision AS sent_before
     )
     SELECT ${TOTAL}, w.sent_before < w.revision AS "isNews" FROM closed w`,
    [list(hours)],
  );
}

export interface HourContent {
  readonly hour: Date;
  readonly windows: number;
  readonly digest: string;
}

/** Says of hours what their windows are now; each time with the next revision, which it answers. */
export function recordCloses(
  tx: Tx,
  closes: readonly HourContent[],
  closedAt: Date,
): Promise<(HourContent & { readonly revision: number })[]> {
  return querySql(
    tx,
    `INSERT INTO hour_close AS held (hour, revision, windows, digest, closed_at)
     SELECT hour, 1, windows, digest, $4::text::timestamptz
       FROM ROWS FROM (
         unnest(string_to_array($1::text, ',')::timestamptz[]), unnest(string_to_array($2::text, ',')::int[]),
         unnest(string_to_array($3::text, ','))
       ) AS c(hour, windows, digest)
     ON CONFLICT (hour) DO UPDATE
       SET revision = held.revision + 1, windows = excluded.windows, digest = excluded.digest, closed_at = excluded.closed_at
     RETURNING hour, windows, digest, revision::float8 AS revision`,
    [
      list(closes.map(({ hour }) => hour)),
      closes.map(({ windows }) => windows).join(','),
      closes.map(({ digest }) => digest).join(','),
      closedAt.toISOString(),
    ],
  );
}

function list(instants: readonly Date[]): string {
  return instants.map((instant) => instant.toISOString()).join(',');
}
