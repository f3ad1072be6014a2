import { executeSql, querySql, type Tx } from '@biplane/service-kit';
import type { LimitKey } from '../domain/limit-key.js';
import type { SliceState, StoredSlice } from '../domain/slice-rules.js';
import { quantityOf, unitsOf } from '../domain/units.js';
import { isKey, keyValues, lines } from './key-columns.js';

export interface SliceRequest {
  readonly id: string;
  readonly holder: string;
  readonly key: LimitKey;
  readonly cap: string;
  readonly least: string;
  readonly wanted: string;
  /** Whether tickets that wait come first. */
  readonly isQueued: boolean;
  readonly grantedAt: Date;
  readonly expiresAt: Date;
}

/**
 * Takes a slice of the rest in one statement; the amount, or undefined when there is no room. The sizes are those of
 * `sliceSize`; the UPDATE repeats the cap, so that no amount passes it whatever was computed.
 */
export async function grantSlice(tx: Tx, request: SliceRequest): Promise<bigint | undefined> {
  const [row] = await querySql<{ amount: string }>(
    tx,
    `WITH rest AS MATERIALIZED (
       SELECT $5::text::numeric - c.used - c.held - c.lost AS rest FROM limit_counter c WHERE ${isKey('c', 1)} FOR UPDATE
     ), sized AS MATERIALIZED (
       SELECT least(rest, greatest($7::text::numeric, floor(rest / 100), 1)) AS amount FROM rest
        WHERE rest >= $6::text::numeric AND rest > 0
     ), taken AS (
       UPDATE limit_counter c SET held = c.held + sized.amount FROM sized
        WHERE ${isKey('c', 1)} AND c.used + c.held + c.lost + sized.amount <= $5::text::numeric
          AND NOT ($8::boolean AND EXISTS (SELECT 1 FROM limit_ticket t
                WHERE t.deployment_id = c.deployment_id AND t.meter = c.meter AND t.state = 'waiting'))
       RETURNING sized.amount
     )
     INSERT INTO limit_slice (id, holder, deployment_id, meter, limit_window, window_start, amount, spent, state,
                              granted_at, expires_at)
     SELECT $9::text::uuid, $10::text::uuid, $1::text::uuid, $2, $3, $4::text::timestamptz, amount, 0, 'open',
            $11::text::timestamptz, $12::text::timestamptz
       FROM taken
     RETURNING trim_scale(amount)::text AS amount`,
    [
      ...keyValues(request.key),
      request.cap,
      request.least,
      request.wanted,
      request.isQueued,
      request.id,
      request.holder,
      request.grantedAt.toISOString(),
      request.expiresAt.toISOString(),
    ],
  );
  return row === undefined ? undefined : unitsOf(row.amount);
}

export interface SliceRow extends StoredSlice {
  readonly id: string;
  readonly key: LimitKey;
}

interface RawSlice {
  readonly id: string;
  readonly state: SliceState;
  readonly amount: string;
  readonly spent: string;
  readonly deploymentId: string;
  readonly meter: string;
  readonly window: 'day' | 'month' | 'level';
  readonly from: Date;
  readonly to: Date | null;
}

const COLUMNS = `s.id::text AS id, s.state, trim_scale(s.amount)::text AS amount, trim_scale(s.spent)::text AS spent,
  s.deployment_id::text AS "deploymentId", s.meter, s.limit_window AS window, s.window_start AS "from",
  (SELECT c.window_end FROM limit_counter c WHERE (c.deployment_id, c.meter, c.limit_window, c.window_start)
     = (s.deployment_id, s.meter, s.limit_window, s.window_start)) AS "to"`;

/** Locked, in one order. Those that are gone are not answered. */
export async function lockSlices(tx: Tx, ids: readonly string[]): Promise<SliceRow[]> {
  const rows = await querySql<RawSlice>(
    tx,
    `SELECT ${COLUMNS} FROM limit_slice s WHERE s.id = ANY(string_to_array($1::text, E'\\n')::uuid[])
      ORDER BY s.id FOR UPDATE OF s`,
    [ids.join('\n')],
  );
  return rows.map(sliceOf);
}

/** Open ones whose time is over, locked; one that its holder is just settling is left to the next time. */
export async function lockOverdueSlices(tx: Tx, now: Date, max: number): Promise<SliceRow[]> {
  const rows = await querySql<RawSlice>(
    tx,
    `SELECT ${COLUMNS} FROM limit_slice s WHERE s.state = 'open' AND s.expires_at <= $1::text::timestamptz
      ORDER BY s.expires_at, s.id LIMIT $2::int FOR UPDATE OF s SKIP LOCKED`,
    [now.toISOString(), max],
  );
  return rows.map(sliceOf);
}

export async function writeSlices(tx: Tx, slices: readonly (StoredSlice & { readonly id: string })[]): Promise<void> {
  if (slices.length === 0) return;
  await executeSql(
    tx,
    `UPDATE limit_slice s SET spent = w.spent, state = w.state
       FROM ROWS FROM (unnest(string_to_array($1::text, E'\\n')::uuid[]), unnest(string_to_array($2::text, E'\\n')::numeric[]),
                       unnest(string_to_array($3::text, E'\\n'))) AS w(id, spent, state)
      WHERE s.id = w.id`,
    [
      lines(slices, ({ id }) => id),
      lines(slices, ({ spent }) => quantityOf(spent)),
      lines(slices, ({ state }) => state),
    ],
  );
}

/** Of windows that are long over; a bounded number at a time. */
export async function forgetSlices(tx: Tx, expiredBefore: Date, max: number): Promise<number> {
  return executeSql(
    tx,
    `DELETE FROM limit_slice WHERE id IN (
       SELECT id FROM limit_slice WHERE expires_at < $1::text::timestamptz AND state <> 'open' LIMIT $2::int)`,
    [expiredBefore.toISOString(), max],
  );
}

function sliceOf({ id, state, amount, spent, deploymentId, meter, window, from, to }: RawSlice): SliceRow {
  const period = to === null ? null : { from, to };
  const key: LimitKey = { deploymentId, meter, aggregation: 'sum', window: window === 'level' ? null : window, period };
  return { id, state, amount: unitsOf(amount), spent: unitsOf(spent), key };
}
