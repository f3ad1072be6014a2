import { executeSql, querySql, type Tx } from '@biplane/service-kit';

export type TicketState = 'waiting' | 'admitted' | 'cancelled' | 'refused';

/** A request that waits for room. */
export interface Ticket {
  readonly id: string;
  readonly deploymentId: string;
  readonly meter: string;
  readonly action: string;
  readonly quantity: string;
  /** `refused`: while it waited the cap was lowered below its quantity, or the license came to name its action no more. */
  readonly state: TicketState;
  /** Of an admitted one: what holds its quantity until it is confirmed or released. */
  readonly reservationId: string | null;
  /** When that reservation ends. */
  readonly expiresAt: Date | null;
  readonly createdAt: Date;
  readonly admittedAt: Date | null;
  /** How many of the same meter come first; 0 when it does not wait. */
  readonly ahead: number;
}

const COLUMNS = `t.id::text AS id, t.deployment_id::text AS "deploymentId", t.meter, t.action,
  trim_scale(t.quantity)::text AS quantity, t.state, t.reservation_id::text AS "reservationId",
  (SELECT r.expires_at FROM limit_reservation r WHERE r.id = t.reservation_id) AS "expiresAt",
  t.created_at AS "createdAt", t.admitted_at AS "admittedAt",
  CASE WHEN t.state = 'waiting' THEN (
    SELECT count(*)::int FROM limit_ticket a WHERE a.deployment_id = t.deployment_id AND a.meter = t.meter
       AND a.state = 'waiting' AND a.number < t.number) ELSE 0 END AS ahead`;

const LINE = 4713;
const lineName = (deploymentId: string, meter: string): string => `line\n${deploymentId}\n${meter}`;

/** Who stands in line, or lets somebody in, is alone until the end of the transaction. */
export async function lockLine(tx: Tx, deploymentId: string, meter: string): Promise<void> {
  await querySql(tx, `SELECT 1 AS locked FROM pg_advisory_xact_lock(hashtextextended($1, ${LINE}))`, [
    lineName(deploymentId, meter),
  ]);
}

/** False while somebody else is at it. */
export async function tryLockLine(tx: Tx, deploymentId: string, meter: string): Promise<boolean> {
  const [row] = await querySql<{ locked: boolean }>(
    tx,
    `SELECT pg_try_advisory_xact_lock(hashtextextended($1, ${LINE})) AS locked`,
    [lineName(deploymentId, meter)],
  );
  return row?.locked === true;
}

export async function countWaiting(tx: Tx, deploymentId: string, meter: string): Promise<number> {
  const [row] = await querySql<{ waiting: number }>(
    tx,
    `SELECT count(*)::int AS waiting FROM limit_ticket
      WHERE deployment_id = $1::text::uuid AND meter = $2 AND state = 'waiting'`,
    [deploymentId, meter],
  );
  return row?.waiting ?? 0;
}

export async function insertTicket(
  tx: Tx,
  ticket: Pick<Ticket, 'id' | 'deploymentId' | 'meter' | 'action' | 'quantity' | 'createdAt'>,
): Promise<void> {
  await executeSql(
    tx,
    `INSERT INTO limit_ticket (id, deployment_id, meter, action, quantity, state, created_at)
     VALUES ($1::text::uuid, $2::text::uuid, $3, $4, $5::text::numeric, 'waiting', $6::text::timestamptz)`,
    [ticket.id, ticket.deploymentId, ticket.meter, ticket.action, ticket.quantity, ticket.createdAt.toISOString()],
  );
}

export async function findTicket(tx: Tx, id: string): Promise<Ticket | undefined> {
  const [row] = await querySql<Ticket>(tx, `SELECT ${COLUMNS} FROM limit_ticket t WHERE t.id = $1::text::uuid`, [id]);
  return row;
}

/** Who stands first in a line, and so all that decides whether the line moves. */
export interface Line {
  readonly deploymentId: string;
  readonly meter: string;
  readonly action: string;
  readonly quantity: string;
}

/** The lines in which somebody waits, by who stands first. */
export function linesWaiting(tx: Tx, max: number): Promise<Line[]> {
  return querySql(
    tx,
    `SELECT "deploymentId", meter, action, quantity FROM (
       SELECT DISTINCT ON (deployment_id, meter) deployment_id::text AS "deploymentId", meter, action,
              trim_scale(quantity)::text AS quantity, number
         FROM limit_ticket WHERE state = 'waiting' ORDER BY deployment_id, meter, number) AS first
      ORDER BY first.number LIMIT $1::int`,
    [max],
  );
}

/** The rest of the transaction waits for no lock longer than this, and fails. */
export async function waitAtMost(tx: Tx, ms: number): Promise<void> {
  await querySql(tx, `SELECT set_config('lock_timeout', $1, true) AS "lockTimeout"`, [`${ms}ms`]);
}

/** In the order in which they came. */
export function headOfLine(tx: Tx, deploymentId: string, meter: string, max: number): Promise<Ticket[]> {
  return querySql<Ticket>(
    tx,
    `SELECT ${COLUMNS} FROM limit_ticket t WHERE t.deployment_id = $1::text::uuid AND t.meter = $2 AND t.state = 'waiting'
      ORDER BY t.number LIMIT $3::int`,
    [deploymentId, meter, max],
  );
}

/** False when it does not wait any more. */
export async function endWaiting(
  tx: Tx,
  id: string,
  end: { readonly state: Exclude<TicketState, 'waiting'>; readonly at: Date; readonly reservationId?: string },
): Promise<boolean> {
  const ended = await executeSql(
    tx,
    `UPDATE limit_ticket SET state = $2, ended_at = $3::text::timestamptz, reservation_id = $4::text::uuid,
            admitted_at = CASE WHEN $2 = 'admitted' THEN $3::text::timestamptz END
      WHERE id = $1::text::uuid AND state = 'waiting'`,
    [id, end.state, end.at.toISOString(), end.reservationId ?? null],
  );
  return ended === 1;
}

export async function forgetTickets(tx: Tx, endedBefore: Date, max: number): Promise<number> {
  return executeSql(
    tx,
    `DELETE FROM limit_ticket WHERE id IN (
       SELECT id FROM limit_ticket WHERE ended_at < $1::text::timestamptz LIMIT $2::int)`,
    [endedBefore.toISOString(), max],
  );
}
