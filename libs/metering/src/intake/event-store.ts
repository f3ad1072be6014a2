import type { Period } from '@biplane/billing-calendar';
import { addDecimal, compareDecimal, decimalToString, type Decimal } from '@biplane/kernel';
import type { MeterAggregation } from '@biplane/licensing';
import { executeSql, querySql, type Tx } from '@biplane/service-kit';
import type { HashedReading, StoredEvent } from '../judging/repeats.js';

/** What the new events of a batch bring to one window: their sum, the greatest or the latest, as the meter's readings combine. */
export interface WindowAddition {
  readonly deploymentId: string;
  readonly meter: string;
  readonly window: Period;
  readonly aggregation: MeterAggregation;
  readonly quantity: string;
  /** The latest instant among them. */
  readonly lastAt: Date;
  readonly licenseVersion: number;
}

export interface TakenEvents {
  /** What stood before under keys of the readings. */
  readonly stored: ReadonlyMap<string, StoredEvent>;
  /** In the order in which windows are locked. */
  readonly additions: readonly WindowAddition[];
}

// Columns travel as lines of one text each (no value holds a line break): an array parameter costs the driver a
// conversion of every element, and a join costs the server more than the number of an element.
// The arrays stand in a materialized step, or every element would read its whole array again.
const WRITE_KEYS = `
  WITH of AS MATERIALIZED (SELECT string_to_array($1::text, E'\\n')::uuid[] AS deployment, $6::text::timestamptz AS received_at)
  INSERT INTO usage_event_key (deployment_id, source, event_id, content_hash, received_at)
  SELECT of.deployment[e.no], e.source, e.event_id, e.content_hash, of.received_at
    FROM ROWS FROM (
      unnest(string_to_array($2::text, E'\\n')::int[]), unnest(string_to_array($3::text, E'\\n')),
      unnest(string_to_array($4::text, E'\\n')), unnest(string_to_array($5::text, E'\\n'))
    ) AS e(no, source, event_id, content_hash), of
  ON CONFLICT DO NOTHING`;

const writeLog = (windows: string): string => `
  WITH of AS MATERIALIZED (
    SELECT string_to_array($7::text, E'\\n')::uuid[] AS deployment, string_to_array($8::text, E'\\n') AS meter,
           string_to_array($9::text, E'\\n')::timestamptz[] AS window_start, $1::text::timestamptz AS received_at
  ), logged AS (
    INSERT INTO usage_event (deployment_id, source, event_id, meter, quantity, occurred_at, window_start, received_at)
    SELECT of.deployment[e.no], e.source, e.event_id, of.meter[e.no], e.quantity, e.occurred_at, of.window_start[e.no],
           of.received_at
      FROM ROWS FROM (
        unnest(string_to_array($2::text, E'\\n')::int[]), unnest(string_to_array($3::text, E'\\n')),
        unnest(string_to_array($4::text, E'\\n')), unnest(string_to_array($5::text, E'\\n')::numeric[]),
        unnest(string_to_array($6::text, E'\\n')::timestamptz[])
      ) AS e(no, source, event_id, quantity, occurred_at), of
  ), addition AS (
    SELECT * FROM ROWS FROM (
      unnest(string_to_array($7::text, E'\\n')::uuid[]), unnest(string_to_array($8::text, E'\\n')),
      unnest(string_to_array($9::text, E'\\n')::timestamptz[]), unnest(string_to_array($10::text, E'\\n')::timestamptz[]),
      unnest(string_to_array($11::text, E'\\n')), unnest(string_to_array($12::text, E'\\n')::numeric[]),
      unnest(string_to_array($13::text, E'\\n')::timestamptz[]), unnest(string_to_array($14::text, E'\\n')::int[])
    ) WITH ORDINALITY AS w(deployment_id, meter, window_start, window_end, aggregation, quantity, last_event_at,
                           license_version, window_no)
  )
  ${windows}`;

/** The keys and the append-only log of accepted events, in the database of either plane. */
export class EventStore {
  private readonly writeLogSql: string;

  /**
   * `windows`: the plane's own `INSERT … SELECT … FROM addition ORDER BY window_no ON CONFLICT …` that takes the additions
   * into its windows. `addition` has the columns window_no, deployment_id, meter, window_start, window_end, aggregation,
   * quantity, last_event_at and license_version, one row a window; `$15` and beyond are the parameters of `take`'s `own`.
   */
  constructor(windows: string) {
    this.writeLogSql = writeLog(windows);
  }

  /**
   * Writes those of the events that no one wrote before, and adds them to their windows. `readings` are distinct and sorted
   * by key (`firstOfEach`). Keys, then log, then windows, each in one order: writers never wait in a ring.
   */
  async take(
    tx: Tx,
    readings: readonly HashedReading[],
    now: Date,
    own: readonly unknown[] = [],
  ): Promise<TakenEvents> {
    const stored = await writeKeys(tx, readings, now);
    const fresh = stored.size === 0 ? readings : readings.filter(({ key }) => !stored.has(key));
    if (fresh.length === 0) return { stored, additions: [] };
    const { additions, numbers } = additionsOf(fresh);
    await executeSql(tx, this.writeLogSql, [
      now.toISOString(),
      numbers.join('\n'),
      lines(fresh, ({ source }) => source),
      lines(fresh, ({ eventId }) => eventId),
      lines(fresh, ({ quantity }) => quantity),
      lines(fresh, ({ occurredAt }) => occurredAt.toISOString()),
      lines(additions, ({ deploymentId }) => deploymentId),
      lines(additions, ({ meter }) => meter),
      lines(additions, ({ window }) => window.from.toISOString()),
      lines(additions, ({ window }) => window.to.toISOString()),
      lines(additions, ({ aggregation }) => aggregation),
      lines(additions, ({ quantity }) => quantity),
      lines(additions, ({ lastAt }) => lastAt.toISOString()),
      lines(additions, ({ licenseVersion }) => licenseVersion),
      ...own,
    ]);
    return { stored, additions };
  }
}

/** Answers what stood under the keys before: almost always nothing, and then it is not asked for. */
async function writeKeys(
  tx: Tx,
  readings: readonly HashedReading[],
  now: Date,
): Promise<ReadonlyMap<string, StoredEvent>> {
  const deployments = new Map<string, number>();
  for (const { deploymentId } of readings) {
    if (!deployments.has(deploymentId)) deployments.set(deploymentId, deployments.size + 1);
  }
  const keys = [
    [...deployments.keys()].join('\n'),
    lines(readings, ({ deploymentId }) => deployments.get(deploymentId) ?? 0),
    lines(readings, ({ source }) => source),
    lines(readings, ({ eventId }) => eventId),
  ];
  const written = await executeSql(tx, WRITE_KEYS, [
    ...keys,
    lines(readings, ({ contentHash }) => contentHash),
    now.toISOString(),
  ]);
  if (written === readings.length) return NOTHING;
  return storedBefore(tx, readings, keys);
}

const NOTHING: ReadonlyMap<string, StoredEvent> = new Map();

// Rows of this transaction carry its id: those are the ones just written, all others stood before. A statement of its own:
// what another transaction committed meanwhile is not in the snapshot of the one that met it.
async function storedBefore(
  tx: Tx,
  readings: readonly HashedReading[],
  keys: readonly string[],
): Promise<ReadonlyMap<string, StoredEvent>> {
  const rows = await querySql<{ no: number; contentHash: string }>(
    tx,
    `WITH of AS MATERIALIZED (SELECT string_to_array($1::text, E'\\n')::uuid[] AS deployment)
     SELECT e.no::int AS no, k.content_hash AS "contentHash"
       FROM ROWS FROM (
         unnest(string_to_array($2::text, E'\\n')::int[]), unnest(string_to_array($3::text, E'\\n')),
         unnest(string_to_array($4::text, E'\\n'))
       ) WITH ORDINALITY AS e(deployment_no, source, event_id, no), of, usage_event_key k
      WHERE (k.deployment_id, k.source, k.event_id) = (of.deployment[e.deployment_no], e.source, e.event_id)
        AND k.xmin <> pg_current_xact_id()::xid`,
    keys,
  );
  const stored = new Map<string, StoredEvent>();
  for (const { no, contentHash } of rows) {
    const reading = readings[no - 1];
    if (reading) stored.set(reading.key, { contentHash });
  }
  return stored;
}

interface Addition {
  readonly reading: HashedReading;
  amount: Decimal;
  lastAt: Date;
  /** From 1 on, in the order in which windows are locked. */
  no: number;
}

/** By window, in the order in which windows are locked, and the number of each reading's. */
function additionsOf(readings: readonly HashedReading[]): {
  readonly additions: readonly WindowAddition[];
  readonly numbers: readonly number[];
} {
  const byWindow = new Map<string, Addition>();
  let last: Addition | undefined;
  const own = readings.map((reading) => {
    // Most of a batch falls into few windows: a key is only made when the window is another one.
    const known = last !== undefined && compareWindows(last.reading, reading) === 0 ? last : undefined;
    const held = known ?? byWindow.get(windowKeyOf(reading));
    if (held !== undefined) {
      combine(held, reading);
      last = held;
      return held;
    }
    last = { reading, amount: reading.amount, lastAt: reading.occurredAt, no: 0 };
    byWindow.set(windowKeyOf(reading), last);
    return last;
  });
  const sorted = [...byWindow.values()].sort((a, b) => compareWindows(a.reading, b.reading));
  sorted.forEach((addition, index) => {
    addition.no = index + 1;
  });
  return {
    additions: sorted.map(({ reading, amount, lastAt }) => {
      const { deploymentId, meter, window, aggregation, licenseVersion } = reading;
      return { deploymentId, meter, window, aggregation, licenseVersion, quantity: decimalToString(amount), lastAt };
    }),
    numbers: own.map(({ no }) => no),
  };
}

/** As windows do it: of readings of one instant the greater counts, so the order of arrival decides nothing. */
function combine(held: Addition, { amount, occurredAt, aggregation }: HashedReading): void {
  const later = occurredAt.getTime() - held.lastAt.getTime();
  if (aggregation === 'sum') held.amount = addDecimal(held.amount, amount);
  else if (aggregation === 'peak' || later === 0) held.amount = greater(held.amount, amount);
  else if (later > 0) held.amount = amount;
  if (later > 0) held.lastAt = occurredAt;
}

const greater = (a: Decimal, b: Decimal): Decimal => (compareDecimal(a, b) >= 0 ? a : b);

const windowKeyOf = ({ deploymentId, meter, window }: HashedReading): string =>
  `${deploymentId}|${meter}|${window.from.getTime()}`;

function compareWindows(a: HashedReading, b: HashedReading): number {
  return (
    compareText(a.deploymentId, b.deploymentId) ||
    compareText(a.meter, b.meter) ||
    a.window.from.getTime() - b.window.from.getTime()
  );
}

function lines<T>(rows: readonly T[], column: (row: T) => string | number): string {
  return rows.map(column).join('\n');
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
