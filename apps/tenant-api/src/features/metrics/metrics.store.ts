import { executeSql, querySql, type Tx } from '@biplane/service-kit';
import type { Period } from '@biplane/billing-calendar';
import type { MeterAggregation } from '@biplane/licensing';
import { keyOf } from './domain/reading.js';
import type { HashedReading, StoredEvent } from './domain/repeats.js';

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

// Columns travel as lines of one text each (no value holds a line break): an array parameter costs the driver a
// conversion of every element. Keys, then log, then windows, each in one order: writers never wait in a ring.
const TAKE_EVENTS = `
  WITH event AS MATERIALIZED (
    SELECT * FROM ROWS FROM (
      unnest(string_to_array($1::text, E'\\n')::int[]), unnest(string_to_array($2::text, E'\\n')),
      unnest(string_to_array($3::text, E'\\n')), unnest(string_to_array($4::text, E'\\n')),
      unnest(string_to_array($5::text, E'\\n')::numeric[]), unnest(string_to_array($6::text, E'\\n')::timestamptz[])
    ) WITH ORDINALITY AS e(window_no, source, event_id, content_hash, quantity, occurred_at, no)
  ), target AS MATERIALIZED (
    SELECT * FROM ROWS FROM (
      unnest(string_to_array($7::text, E'\\n')::uuid[]), unnest(string_to_array($8::text, E'\\n')),
      unnest(string_to_array($9::text, E'\\n')::timestamptz[]), unnest(string_to_array($10::text, E'\\n')::timestamptz[]),
      unnest(string_to_array($11::text, E'\\n')), unnest(string_to_array($12::text, E'\\n')::int[])
    ) WITH ORDINALITY AS w(deployment_id, meter, window_start, window_end, aggregation, license_version, window_no)
  ), fresh AS (
    INSERT INTO usage_event_key (deployment_id, source, event_id, content_hash, received_at)
    SELECT deployment_id, source, event_id, content_hash, $13::text::timestamptz
      FROM event JOIN target USING (window_no) ORDER BY no
    ON CONFLICT DO NOTHING RETURNING deployment_id, source, event_id
  ), accepted AS MATERIALIZED (
    SELECT e.*, t.deployment_id FROM event e JOIN target t USING (window_no)
      JOIN fresh f ON (f.deployment_id, f.source, f.event_id) = (t.deployment_id, e.source, e.event_id)
  ), logged AS (
    INSERT INTO usage_event (deployment_id, source, event_id, meter, quantity, occurred_at, window_start, received_at)
    SELECT t.deployment_id, a.source, a.event_id, t.meter, a.quantity, a.occurred_at, t.window_start, $13::text::timestamptz
      FROM accepted a JOIN target t USING (window_no)
  ), folded AS (
    SELECT window_no, sum(quantity) AS added, max(quantity) AS greatest, max(occurred_at) AS last_at,
           (array_agg(quantity ORDER BY occurred_at DESC, quantity DESC))[1] AS latest
      FROM accepted GROUP BY window_no
  ), raised AS (
    INSERT INTO usage_window AS held ${WINDOW_COLUMNS}
    SELECT t.deployment_id, t.meter, t.window_start, t.window_end, date_trunc('hour', t.window_start, 'UTC'), t.aggregation,
           CASE t.aggregation WHEN 'sum' THEN f.added WHEN 'peak' THEN f.greatest ELSE f.latest END, f.last_at,
           1, 0, false, t.license_version
      FROM folded f JOIN target t USING (window_no) ORDER BY t.window_no
    ${TAKE_MORE}
  )
  SELECT no::int AS no FROM event WHERE no NOT IN (SELECT no FROM accepted)`;

/**
 * Writes those of the events that no one wrote before, and adds them to their windows, in one statement. Answers what is
 * stored under each key afterwards. `readings` are distinct and sorted by key.
 */
export async function takeEvents(
  tx: Tx,
  readings: readonly HashedReading[],
  now: Date,
): Promise<Map<string, StoredEvent>> {
  const { windows, numberOf } = windowsOf(readings);
  const repeats = await querySql<{ no: number }>(tx, TAKE_EVENTS, [
    lines(readings, numberOf),
    lines(readings, ({ source }) => source),
    lines(readings, ({ eventId }) => eventId),
    lines(readings, ({ contentHash }) => contentHash),
    lines(readings, ({ quantity }) => quantity),
    lines(readings, ({ occurredAt }) => occurredAt.toISOString()),
    lines(windows, ({ deploymentId }) => deploymentId),
    lines(windows, ({ meter }) => meter),
    lines(windows, ({ window }) => window.from.toISOString()),
    lines(windows, ({ window }) => window.to.toISOString()),
    lines(windows, ({ aggregation }) => aggregation),
    lines(windows, ({ licenseVersion }) => licenseVersion),
    now.toISOString(),
  ]);
  const stored = new Map(readings.map((reading) => [keyOf(reading), { ...reading, isNew: true }] as const));
  const repeated = repeats.flatMap(({ no }) => readings[no - 1] ?? []);
  if (repeated.length === 0) return stored;
  return new Map<string, StoredEvent>([...stored, ...(await storedEvents(tx, repeated))]);
}

// A statement of its own: what another transaction committed meanwhile is not in the snapshot of the one that met it.
async function storedEvents(tx: Tx, readings: readonly HashedReading[]): Promise<[string, StoredEvent][]> {
  const rows = await querySql<{ no: number; contentHash: string }>(
    tx,
    `SELECT e.no::int AS no, k.content_hash AS "contentHash"
       FROM ROWS FROM (
         unnest(string_to_array($1::text, E'\\n')::uuid[]), unnest(string_to_array($2::text, E'\\n')),
         unnest(string_to_array($3::text, E'\\n'))
       ) WITH ORDINALITY AS e(deployment_id, source, event_id, no)
       JOIN usage_event_key k USING (deployment_id, source, event_id)`,
    [
      lines(readings, ({ deploymentId }) => deploymentId),
      lines(readings, ({ source }) => source),
      lines(readings, ({ eventId }) => eventId),
    ],
  );
  return rows.flatMap(({ no, contentHash }) => {
    const reading = readings[no - 1];
    return reading ? [[keyOf(reading), { contentHash, isNew: false }] as [string, StoredEvent]] : [];
  });
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
  if (isNew === 0) return;
  await executeSql(
    tx,
    `INSERT INTO usage_window AS held ${WINDOW_COLUMNS}
     SELECT deployment_id, meter, window_start, window_end, date_trunc('hour', window_start, 'UTC'), 'sum',
            quantity, last_at, 1, 0, false, license_version
       FROM ROWS FROM (
         unnest(string_to_array($1::text, E'\\n')::uuid[]), unnest(string_to_array($2::text, E'\\n')),
         unnest(string_to_array($3::text, E'\\n')::timestamptz[]), unnest(string_to_array($4::text, E'\\n')::timestamptz[]),
         unnest(string_to_array($5::text, E'\\n')::timestamptz[]), unnest(string_to_array($6::text, E'\\n')::numeric[]),
         unnest(string_to_array($7::text, E'\\n')::int[])
       ) AS c(deployment_id, meter, window_start, window_end, last_at, quantity, license_version)
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
    ],
  );
}

/** Of processes that ended long ago; one that still repeats a flush is younger by weeks. */
export async function forgetFlushes(tx: Tx, before: Date): Promise<void> {
  await executeSql(tx, 'DELETE FROM usage_flush WHERE flushed_at < $1::text::timestamptz', [before.toISOString()]);
}

const COMBINED: Readonly<Record<MeterAggregation, string>> = {
  sum: 'sum(quantity)',
  peak: 'max(quantity)',
  last: '(array_agg(quantity ORDER BY last_event_at DESC, window_start DESC))[1]',
};

/** The windows that begin in the period (null: all there ever were), combined as the meter's readings combine. */
export async function totalOf(
  reader: Tx,
  meter: { readonly deploymentId: string; readonly meter: string; readonly aggregation: MeterAggregation },
  period: Period | null,
): Promise<string> {
  const [row] = await querySql<{ total: string }>(
    reader,
    `SELECT trim_scale(coalesce(${COMBINED[meter.aggregation]}, 0))::text AS total FROM usage_window
      WHERE deployment_id = $1::uuid AND meter = $2
        AND window_start >= $3::text::timestamptz AND window_start < $4::text::timestamptz`,
    [
      meter.deploymentId,
      meter.meter,
      period?.from.toISOString() ?? '-infinity',
      period?.to.toISOString() ?? 'infinity',
    ],
  );
  return row?.total ?? '0';
}

/** The windows that the readings count in, in the order in which windows are locked, and the number of each. */
function windowsOf(readings: readonly HashedReading[]): {
  windows: readonly HashedReading[];
  numberOf: (reading: HashedReading) => number;
} {
  const keyOfWindow = ({ deploymentId, meter, window }: HashedReading): string =>
    `${deploymentId}|${meter}|${window.from.getTime()}`;
  const distinct = new Map(readings.map((reading) => [keyOfWindow(reading), reading]));
  const windows = [...distinct.values()].sort(
    (a, b) =>
      compareText(a.deploymentId, b.deploymentId) ||
      compareText(a.meter, b.meter) ||
      a.window.from.getTime() - b.window.from.getTime(),
  );
  const numbers = new Map(windows.map((reading, index) => [keyOfWindow(reading), index + 1]));
  return { windows, numberOf: (reading) => numbers.get(keyOfWindow(reading)) ?? 0 };
}

function lines<T>(rows: readonly T[], column: (row: T) => string | number | bigint): string {
  return rows.map(column).join('\n');
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
