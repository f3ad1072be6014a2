import { executeSql, querySql, type Tx } from '@biplane/service-kit';
import type { Period } from '@biplane/billing-calendar';
import { EventStore, type HashedReading, type TakenEvents } from '@biplane/metering';

/** What a process counted in one window since it last said so. */
export interface CountedCalls {
  readonly deploymentId: string;
  readonly meter: string;
  readonly window: Period;
  readonly lastAt: Date;
  readonly quantity: bigint;
  readonly licenseVersion: number;
}

// How a window takes more: a sum adds, a peak keeps the greatest, a gauge the reading of the latest instant (of one and the
// same instant the greater). All three give the same whatever the order of arrival.
const TAKE_MORE = `
  ON CONFLICT (deployment_id, meter, window_start) DO UPDATE SET
    quantity = CASE held.aggregation
      WHEN 'sum' THEN held.quantity + excluded.quantity
      WHEN 'peak' THEN greatest(held.quantity, excluded.quantity)
      ELSE CASE WHEN (excluded.last_event_at, excluded.quantity) > (held.last_event_at, held.quantity)
                THEN excluded.quantity ELSE held.quantity END END,
    last_event_at = greatest(held.last_event_at, excluded.last_event_at),
    license_version = greatest(held.license_version, excluded.license_version),
    revision = held.revision + 1`;

const WINDOW_COLUMNS = `(deployment_id, meter, window_start, window_end, hour, aggregation, quantity, last_event_at,
                         revision, sent_revision, closed, license_version)`;

const events = new EventStore(`
  INSERT INTO usage_window AS held ${WINDOW_COLUMNS}
  SELECT deployment_id, meter, window_start, window_end, date_trunc('hour', window_start, 'UTC'), aggregation, quantity,
         last_event_at, 1, 0, false, license_version
    FROM addition ORDER BY window_no
  ${TAKE_MORE}`);

/** Writes those of the events that no one wrote before, and adds them to their windows. */
export function takeEvents(tx: Tx, readings: readonly HashedReading[], now: Date): Promise<TakenEvents> {
  return events.take(tx, readings, now);
}

/**
 * Adds what a process counted, once: its flushes are numbered, and a number that was applied is not applied again. So a
 * flush whose answer was lost can be repeated.
 */
export async function addCounts(
  tx: Tx,
  flush: { readonly processId: string; readonly sequence: number; readonly now: Date },
  counts: readonly CountedCalls[],
): Promise<void> {
  const isNew = await executeSql(
    tx,
    `INSERT INTO usage_flush AS held (process_id, sequence, flushed_at) VALUES ($1::uuid, $2::bigint, $3::text::timestamptz)
     ON CONFLICT (process_id) DO UPDATE SET sequence = excluded.sequence, flushed_at = excluded.flushed_at
     WHERE held.sequence < excluded.sequence`,
    [flush.processId, flush.sequence, flush.now.toISOString()],
  );
  if (isNew === 0 || counts.length === 0) return;
  await executeSql(
    tx,
    `WITH counted AS MATERIALIZED (
       SELECT * FROM ROWS FROM (
         unnest(string_to_array($1::text, E'\\n')::uuid[]), unnest(string_to_array($2::text, E'\\n')),
         unnest(string_to_array($3::text, E'\\n')::timestamptz[]), unnest(string_to_array($4::text, E'\\n')::timestamptz[]),
         unnest(string_to_array($5::text, E'\\n')::timestamptz[]), unnest(string_to_array($6::text, E'\\n')::numeric[]),
         unnest(string_to_array($7::text, E'\\n')::int[])
       ) AS c(deployment_id, meter, window_start, window_end, last_at, quantity, license_version)
     ), logged AS (
       INSERT INTO usage_call (deployment_id, meter, quantity, counted_at, window_start, received_at)
       SELECT deployment_id, meter, quantity, last_at, window_start, $8::text::timestamptz FROM counted
     )
     INSERT INTO usage_window AS held ${WINDOW_COLUMNS}
     SELECT deployment_id, meter, window_start, window_end, date_trunc('hour', window_start, 'UTC'), 'sum',
            sum(quantity), max(last_at), 1, 0, false, max(license_version)
       FROM counted GROUP BY deployment_id, meter, window_start, window_end
      ORDER BY deployment_id, meter COLLATE "C", window_start
     ${TAKE_MORE}`,
    [
      lines(counts, ({ deploymentId }) => deploymentId),
      lines(counts, ({ meter }) => meter),
      lines(counts, ({ window }) => window.from.toISOString()),
      lines(counts, ({ window }) => window.to.toISOString()),
      lines(counts, ({ lastAt }) => lastAt.toISOString()),
      lines(counts, ({ quantity }) => quantity),
      lines(counts, ({ licenseVersion }) => licenseVersion),
      flush.now.toISOString(),
    ],
  );
}

/** Held until the end of the transaction, if it is there: whoever counts locks windows before counters. */
export async function lockWindow(tx: Tx, deploymentId: string, meter: string, window: Period): Promise<void> {
  await querySql(
    tx,
    `SELECT 1 AS locked FROM usage_window
      WHERE deployment_id = $1::uuid AND meter = $2 AND window_start = $3::text::timestamptz FOR UPDATE`,
    [deploymentId, meter, window.from.toISOString()],
  );
}

function lines<T>(rows: readonly T[], column: (row: T) => string | number | bigint): string {
  return rows.map(column).join('\n');
}
