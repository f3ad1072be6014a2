import { executeSql, querySql, type Tx } from '@biplane/service-kit';
import type { LimitKey } from '../domain/limit-key.js';
import type { CountDelta } from '../domain/slice-rules.js';
import { quantityOf } from '../domain/units.js';
import { isKey, keyLines, keyRows, keyValues, lines, LOCK_ORDER, sameKey } from './key-columns.js';

export interface CounterRow {
  readonly used: string;
  readonly held: string;
  readonly lost: string;
  readonly lastAt: Date;
}

const COUNTS = `trim_scale(c.used)::text AS used, trim_scale(c.held)::text AS held, trim_scale(c.lost)::text AS lost,
  c.last_at AS "lastAt"`;

/** Those of the keys that have a row, each with its number from 1 on. */
export function countersOf(tx: Tx, keys: readonly LimitKey[]): Promise<(CounterRow & { readonly no: number })[]> {
  if (keys.length === 0) return Promise.resolve([]);
  return querySql(
    tx,
    `SELECT k.no::int AS no, ${COUNTS} FROM ${keyRows(1)} JOIN limit_counter c ON ${sameKey('c', 'k')}`,
    keyLines(keys),
  );
}

export async function findCounter(tx: Tx, key: LimitKey): Promise<CounterRow | undefined> {
  const [row] = await querySql<CounterRow>(
    tx,
    `SELECT ${COUNTS} FROM limit_counter c WHERE ${isKey('c', 1)}`,
    keyValues(key),
  );
  return row;
}

/** Nothing when another transaction made the row first: it knew what this one knows, or this one waits until it does. */
export async function insertCounter(tx: Tx, key: LimitKey, used: string): Promise<void> {
  await executeSql(
    tx,
    `INSERT INTO limit_counter (deployment_id, meter, limit_window, window_start, window_end, aggregation,
                                used, held, lost, last_at, warned)
     VALUES ($1::text::uuid, $2, $3, $4::text::timestamptz, $5::text::timestamptz, $6, $7::text::numeric, 0, 0,
             $4::text::timestamptz, '{}')
     ON CONFLICT DO NOTHING`,
    [...keyValues(key), key.period?.to.toISOString() ?? null, key.aggregation, used],
  );
}

/** Locked, with what is held and lost by the rows that say so. */
export async function lockCounter(
  tx: Tx,
  key: LimitKey,
): Promise<(CounterRow & { readonly heldNow: string; readonly lostNow: string }) | undefined> {
  const [locked] = await querySql(
    tx,
    `SELECT 1 AS locked FROM limit_counter c WHERE ${isKey('c', 1)} FOR UPDATE`,
    keyValues(key),
  );
  if (locked === undefined) return undefined;
  // A statement of its own: what was committed while this one waited for the lock is not in its snapshot.
  const [row] = await querySql<CounterRow & { heldNow: string; lostNow: string }>(
    tx,
    `SELECT ${COUNTS},
       trim_scale(coalesce((SELECT sum(s.amount - s.spent) FROM limit_slice s WHERE ${sameKey('s', 'c')} AND s.state = 'open'), 0)
         + coalesce((SELECT sum(r.quantity) FROM limit_hold h JOIN limit_reservation r ON r.id = h.reservation_id
                      WHERE ${sameKey('h', 'c')} AND r.state = 'held'), 0))::text AS "heldNow",
       trim_scale(coalesce((SELECT sum(s.amount - s.spent) FROM limit_slice s
                             WHERE ${sameKey('s', 'c')} AND s.state = 'expired'), 0))::text AS "lostNow"
     FROM limit_counter c WHERE ${isKey('c', 1)}`,
    keyValues(key),
  );
  return row;
}

/** Of distinct keys, in lock order. */
export async function lockCounters(tx: Tx, keys: readonly LimitKey[]): Promise<void> {
  await querySql(
    tx,
    `SELECT 1 AS locked FROM ${keyRows(1)} JOIN limit_counter c ON ${sameKey('c', 'k')} ORDER BY k.no FOR UPDATE OF c`,
    keyLines(keys),
  );
}

export async function setCounter(tx: Tx, key: LimitKey, row: CounterRow): Promise<void> {
  await executeSql(
    tx,
    `UPDATE limit_counter c SET used = $5::text::numeric, held = $6::text::numeric, lost = $7::text::numeric,
            last_at = $8::text::timestamptz
      WHERE ${isKey('c', 1)}`,
    [...keyValues(key), row.used, row.held, row.lost, row.lastAt.toISOString()],
  );
}

/** Counts a use in one conditional UPDATE. `at`: when it was used, if the usage itself is not stored yet. */
export async function takeFrom(
  tx: Tx,
  key: LimitKey,
  cap: string,
  quantity: string,
  at: Date | null,
): Promise<boolean> {
  const taken = await executeSql(
    tx,
    `UPDATE limit_counter c SET used = c.used + $5::text::numeric,
            last_at = greatest(c.last_at, coalesce($7::text::timestamptz, c.last_at))
      WHERE ${isKey('c', 1)} AND c.used + c.held + c.lost + $5::text::numeric <= $6::text::numeric`,
    [...keyValues(key), quantity, cap, at?.toISOString() ?? null],
  );
  return taken === 1;
}

/** Holds a quantity in one conditional UPDATE. */
export async function holdIn(tx: Tx, key: LimitKey, cap: string | null, quantity: string): Promise<boolean> {
  const held = await executeSql(
    tx,
    `UPDATE limit_counter c SET held = c.held + $5::text::numeric
      WHERE ${isKey('c', 1)}
        AND ($6::text IS NULL OR c.used + c.held + c.lost + $5::text::numeric <= $6::text::numeric)`,
    [...keyValues(key), quantity, cap],
  );
  return held === 1;
}

export interface CounterAddition {
  readonly key: LimitKey;
  readonly quantity: string;
  readonly at: Date;
}

/** Of distinct keys, in lock order. A sum adds and never falls below nothing, a peak keeps the greatest. */
export async function addToCounters(tx: Tx, additions: readonly CounterAddition[]): Promise<void> {
  if (additions.length === 0) return;
  const rows = keyRows(1, [
    { name: 'quantity', type: 'numeric' },
    { name: 'at', type: 'timestamptz' },
  ]);
  await executeSql(
    tx,
    `WITH locked AS MATERIALIZED (
       SELECT c.deployment_id, c.meter, c.limit_window, c.window_start, k.quantity, k.at
         FROM ${rows} JOIN limit_counter c ON ${sameKey('c', 'k')} ORDER BY k.no FOR UPDATE OF c
     )
     UPDATE limit_counter c
        SET used = CASE c.aggregation WHEN 'peak' THEN greatest(c.used, l.quantity) ELSE greatest(0, c.used + l.quantity) END,
            last_at = greatest(c.last_at, l.at)
       FROM locked l WHERE ${sameKey('c', 'l')}`,
    [
      ...keyLines(additions.map(({ key }) => key)),
      lines(additions, ({ quantity }) => quantity),
      lines(additions, ({ at }) => at.toISOString()),
    ],
  );
}

/** Of distinct keys, in lock order. */
export async function changeCounters(
  tx: Tx,
  changes: readonly { readonly key: LimitKey; readonly delta: CountDelta }[],
): Promise<void> {
  if (changes.length === 0) return;
  const rows = keyRows(1, [
    { name: 'used', type: 'numeric' },
    { name: 'held', type: 'numeric' },
    { name: 'lost', type: 'numeric' },
  ]);
  await executeSql(
    tx,
    `WITH locked AS MATERIALIZED (
       SELECT c.deployment_id, c.meter, c.limit_window, c.window_start, k.used, k.held, k.lost
         FROM ${rows} JOIN limit_counter c ON ${sameKey('c', 'k')} ORDER BY k.no FOR UPDATE OF c
     )
     UPDATE limit_counter c
        SET used = c.used + l.used, held = greatest(0, c.held + l.held), lost = greatest(0, c.lost + l.lost)
       FROM locked l WHERE ${sameKey('c', 'l')}`,
    [
      ...keyLines(changes.map(({ key }) => key)),
      lines(changes, ({ delta }) => quantityOf(delta.used)),
      lines(changes, ({ delta }) => quantityOf(delta.held)),
      lines(changes, ({ delta }) => quantityOf(delta.lost)),
    ],
  );
}

/** Rows of windows that ended before; a bounded number at a time. */
export async function forgetCounters(tx: Tx, endedBefore: Date, max: number): Promise<number> {
  return executeSql(
    tx,
    `DELETE FROM limit_counter WHERE (${LOCK_ORDER.replaceAll(' COLLATE "C"', '')}) IN (
       SELECT deployment_id, meter, limit_window, window_start FROM limit_counter
        WHERE window_end < $1::text::timestamptz LIMIT $2::int)`,
    [endedBefore.toISOString(), max],
  );
}
