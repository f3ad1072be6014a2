import type { Period } from '@biplane/billing-calendar';
import type { MeterAggregation } from '@biplane/licensing';
import { querySql, type Tx } from '@biplane/service-kit';
import { keyOf } from '../judging/reading.js';
import type { HashedReading, StoredEvent } from '../judging/repeats.js';

/** What the new events of a batch bring to one window: their sum, the greatest or the latest, as the meter's readings combine. */
export interface WindowAddition {
  readonly deploymentId: string;
  readonly meter: string;
  readonly window: Period;
  readonly aggregation: MeterAggregation;
  readonly quantity: string;
}

export interface TakenEvents {
  /** By `keyOf`, for each of the readings. */
  readonly stored: ReadonlyMap<string, StoredEvent>;
  readonly additions: readonly WindowAddition[];
}

// Columns travel as lines of one text each (no value holds a line break): an array parameter costs the driver a
// conversion of every element. Keys, then log, then windows, each in one order: writers never wait in a ring.
const takeEvents = (windows: string): string => `
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
  ), addition AS MATERIALIZED (
    SELECT t.*, n.last_event_at,
           CASE t.aggregation WHEN 'sum' THEN n.added WHEN 'peak' THEN n.greatest ELSE n.latest END AS quantity
      FROM target t JOIN (
        SELECT window_no, sum(quantity) AS added, max(quantity) AS greatest, max(occurred_at) AS last_event_at,
               (array_agg(quantity ORDER BY occurred_at DESC, quantity DESC))[1] AS latest
          FROM accepted GROUP BY window_no
      ) n USING (window_no)
  ), raised AS (
    ${windows}
  )
  SELECT no::int AS no, NULL::int AS "windowNo", NULL::text AS quantity FROM event WHERE no NOT IN (SELECT no FROM accepted)
  UNION ALL SELECT NULL, window_no::int, trim_scale(quantity)::text FROM addition`;

type TakeRow =
  | { readonly no: number; readonly windowNo: null }
  | { readonly no: null; readonly windowNo: number; readonly quantity: string };

/** The keys and the append-only log of accepted events, in the database of either plane. */
export class EventStore {
  private readonly takeSql: string;

  /**
   * `windows`: the plane's own `INSERT … SELECT … FROM addition ORDER BY window_no ON CONFLICT …` that takes the additions
   * into its windows. `addition` has the columns window_no, deployment_id, meter, window_start, window_end, aggregation,
   * quantity, last_event_at and license_version, one row a window; `$14` and beyond are the parameters of `take`'s `own`.
   */
  constructor(windows: string) {
    this.takeSql = takeEvents(windows);
  }

  /**
   * Writes those of the events that no one wrote before, and adds them to their windows, in one statement. `readings` are
   * distinct and sorted by key (`firstOfEach`).
   */
  async take(
    tx: Tx,
    readings: readonly HashedReading[],
    now: Date,
    own: readonly unknown[] = [],
  ): Promise<TakenEvents> {
    const { windows, numberOf } = windowsOf(readings);
    const rows = await querySql<TakeRow>(tx, this.takeSql, [
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
      ...own,
    ]);
    const repeated = rows.flatMap(({ no }) => (no === null ? [] : (readings[no - 1] ?? [])));
    const stored = new Map<string, StoredEvent>(
      readings.map((reading) => [keyOf(reading), { contentHash: reading.contentHash, isNew: true }]),
    );
    for (const [key, event] of await storedEvents(tx, repeated)) stored.set(key, event);
    return { stored, additions: additionsOf(rows, windows) };
  }
}

function additionsOf(rows: readonly TakeRow[], windows: readonly HashedReading[]): WindowAddition[] {
  return rows.flatMap((row) => {
    const reading = row.windowNo === null ? undefined : windows[row.windowNo - 1];
    if (row.windowNo === null || reading === undefined) return [];
    const { deploymentId, meter, window, aggregation } = reading;
    return [{ deploymentId, meter, window, aggregation, quantity: row.quantity }];
  });
}

// A statement of its own: what another transaction committed meanwhile is not in the snapshot of the one that met it.
async function storedEvents(tx: Tx, readings: readonly HashedReading[]): Promise<[string, StoredEvent][]> {
  if (readings.length === 0) return [];
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
