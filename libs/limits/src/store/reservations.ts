import type { MeterAggregation } from '@biplane/licensing';
import { executeSql, querySql, type Tx } from '@biplane/service-kit';
import type { LimitKey } from '../domain/limit-key.js';
import { keyLines, keyRows } from './key-columns.js';

export type ReservationState = 'held' | 'confirmed' | 'released' | 'expired';

export interface Reservation {
  readonly id: string;
  readonly deploymentId: string;
  readonly meter: string;
  readonly aggregation: MeterAggregation;
  readonly quantity: string;
  readonly state: ReservationState;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  /** When it was confirmed or released, or found to be over. */
  readonly endedAt: Date | null;
  /** What its confirmation counted, and as of when. */
  readonly usageAt: Date | null;
  readonly usageQuantity: string | null;
}

const COLUMNS = `r.id::text AS id, r.deployment_id::text AS "deploymentId", r.meter, r.aggregation,
  trim_scale(r.quantity)::text AS quantity, r.state, r.created_at AS "createdAt", r.expires_at AS "expiresAt",
  r.ended_at AS "endedAt", r.usage_at AS "usageAt", trim_scale(r.usage_quantity)::text AS "usageQuantity"`;

export async function insertReservation(
  tx: Tx,
  reservation: Pick<
    Reservation,
    'id' | 'deploymentId' | 'meter' | 'aggregation' | 'quantity' | 'createdAt' | 'expiresAt'
  >,
  keys: readonly LimitKey[],
): Promise<void> {
  const { id, deploymentId, meter, aggregation, quantity, createdAt, expiresAt } = reservation;
  await executeSql(
    tx,
    `INSERT INTO limit_reservation (id, deployment_id, meter, aggregation, quantity, state, created_at, expires_at)
     VALUES ($1::text::uuid, $2::text::uuid, $3, $4, $5::text::numeric, 'held', $6::text::timestamptz, $7::text::timestamptz)`,
    [id, deploymentId, meter, aggregation, quantity, createdAt.toISOString(), expiresAt.toISOString()],
  );
  if (keys.length === 0) return;
  await executeSql(
    tx,
    `INSERT INTO limit_hold (reservation_id, deployment_id, meter, limit_window, window_start)
     SELECT $1::text::uuid, deployment_id, meter, limit_window, window_start FROM ${keyRows(2)}`,
    [id, ...keyLines(keys)],
  );
}

export async function findReservation(tx: Tx, id: string): Promise<Reservation | undefined> {
  const [row] = await querySql<Reservation>(
    tx,
    `SELECT ${COLUMNS} FROM limit_reservation r WHERE r.id = $1::text::uuid`,
    [id],
  );
  return row;
}

export async function lockReservation(tx: Tx, id: string): Promise<Reservation | undefined> {
  const [row] = await querySql<Reservation>(
    tx,
    `SELECT ${COLUMNS} FROM limit_reservation r WHERE r.id = $1::text::uuid FOR UPDATE`,
    [id],
  );
  return row;
}

/** Those that are over and still hold something, locked, in one order. */
export function lockOverdueReservations(tx: Tx, now: Date, max: number): Promise<Reservation[]> {
  return querySql<Reservation>(
    tx,
    `SELECT ${COLUMNS} FROM limit_reservation r WHERE r.state = 'held' AND r.expires_at <= $1::text::timestamptz
      ORDER BY r.expires_at, r.id LIMIT $2::int FOR UPDATE OF r SKIP LOCKED`,
    [now.toISOString(), max],
  );
}

/** The counters that reservations hold their quantity in, with the end of each window. */
export async function holdsOf(
  tx: Tx,
  ids: readonly string[],
): Promise<{ readonly reservationId: string; readonly key: LimitKey }[]> {
  if (ids.length === 0) return [];
  const rows = await querySql<{
    reservationId: string;
    deploymentId: string;
    meter: string;
    aggregation: MeterAggregation;
    window: 'day' | 'month' | 'level';
    from: Date;
    to: Date | null;
  }>(
    tx,
    `SELECT h.reservation_id::text AS "reservationId", c.deployment_id::text AS "deploymentId", c.meter, c.aggregation,
            c.limit_window AS window, c.window_start AS "from", c.window_end AS "to"
       FROM limit_hold h JOIN limit_counter c USING (deployment_id, meter, limit_window, window_start)
      WHERE h.reservation_id = ANY(string_to_array($1::text, E'\\n')::uuid[])`,
    [ids.join('\n')],
  );
  return rows.map(({ reservationId, deploymentId, meter, aggregation, window, from, to }) => ({
    reservationId,
    key: {
      deploymentId,
      meter,
      aggregation,
      window: window === 'level' ? null : window,
      period: to === null ? null : { from, to },
    },
  }));
}

export async function confirmReservation(
  tx: Tx,
  id: string,
  endedAt: Date,
  usage: { readonly at: Date; readonly quantity: string },
): Promise<void> {
  await executeSql(
    tx,
    `UPDATE limit_reservation SET state = 'confirmed', ended_at = $2::text::timestamptz, usage_at = $3::text::timestamptz,
            usage_quantity = $4::text::numeric
      WHERE id = $1::text::uuid`,
    [id, endedAt.toISOString(), usage.at.toISOString(), usage.quantity],
  );
}

/** Without having been used; the rows are locked. */
export async function endReservations(
  tx: Tx,
  ids: readonly string[],
  state: 'released' | 'expired',
  endedAt: Date,
): Promise<void> {
  if (ids.length === 0) return;
  await executeSql(
    tx,
    `UPDATE limit_reservation SET state = $2, ended_at = $3::text::timestamptz
      WHERE id = ANY(string_to_array($1::text, E'\\n')::uuid[])`,
    [ids.join('\n'), state, endedAt.toISOString()],
  );
}

/** Those that ended long ago; a bounded number at a time. */
export async function forgetReservations(tx: Tx, endedBefore: Date, max: number): Promise<number> {
  return executeSql(
    tx,
    `DELETE FROM limit_reservation WHERE id IN (
       SELECT id FROM limit_reservation WHERE expires_at < $1::text::timestamptz AND state <> 'held' LIMIT $2::int)`,
    [endedBefore.toISOString(), max],
  );
}
