import { executeSql, querySql, type Tx } from '@biplane/service-kit';
import type { MoveRecord, MoveStepName } from './domain/next-move-step.js';

export async function recordOf(reader: Tx, deploymentId: string): Promise<MoveRecord> {
  const done = await querySql<{ toEpoch: number; step: MoveStepName }>(
    reader,
    'SELECT to_epoch AS "toEpoch", step FROM move_step WHERE deployment_id = $1::uuid ORDER BY to_epoch, step',
    [deploymentId],
  );
  const [hold] = await querySql<{ toEpoch: number }>(
    reader,
    'SELECT to_epoch AS "toEpoch" FROM move_hold WHERE deployment_id = $1::uuid',
    [deploymentId],
  );
  return { done, heldFor: hold?.toEpoch ?? null };
}

/** True for the one that did it, which reports it in the same transaction. */
export async function recordStep(
  tx: Tx,
  step: { deploymentId: string; toEpoch: number; step: MoveStepName; keptSince?: Date; at: Date },
): Promise<boolean> {
  const added = await executeSql(
    tx,
    `INSERT INTO move_step (deployment_id, to_epoch, step, kept_since, done_at)
     VALUES ($1::uuid, $2::int, $3, $4::text::timestamptz, $5::text::timestamptz) ON CONFLICT DO NOTHING`,
    [step.deploymentId, step.toEpoch, step.step, step.keptSince?.toISOString() ?? null, step.at.toISOString()],
  );
  return added === 1;
}

/** Since when the old home hands keys and decisions over; undefined until it has drained. */
export async function drainedSince(reader: Tx, deploymentId: string, toEpoch: number): Promise<Date | undefined> {
  const [row] = await querySql<{ keptSince: Date }>(
    reader,
    `SELECT kept_since AS "keptSince" FROM move_step
      WHERE deployment_id = $1::uuid AND to_epoch = $2::int AND step = 'drained'`,
    [deploymentId, toEpoch],
  );
  return row?.keptSince;
}

/** Whoever holds it until the end of the transaction works on the moves of this deployment; false while another does. */
export async function tryLock(tx: Tx, deploymentId: string): Promise<boolean> {
  const [row] = await querySql<{ locked: boolean }>(
    tx,
    'SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS locked',
    [`move:${deploymentId}`],
  );
  return row?.locked ?? false;
}

/** Since when it is held: the first instant stays. */
export async function hold(reader: Tx, deploymentId: string, toEpoch: number, at: Date): Promise<Date> {
  const [row] = await querySql<{ heldAt: Date }>(
    reader,
    `INSERT INTO move_hold AS held (deployment_id, to_epoch, held_at) VALUES ($1::uuid, $2::int, $3::text::timestamptz)
     ON CONFLICT (deployment_id) DO UPDATE
       SET held_at = CASE WHEN held.to_epoch = excluded.to_epoch THEN held.held_at ELSE excluded.held_at END,
           to_epoch = excluded.to_epoch
     RETURNING held_at AS "heldAt"`,
    [deploymentId, toEpoch, at.toISOString()],
  );
  return row?.heldAt ?? at;
}

export interface Writer {
  readonly pid: number;
  readonly xid: string;
}

/** Transactions in this database that have written, or are about to: what a hold has to wait for. */
export function writers(reader: Tx): Promise<Writer[]> {
  return querySql<Writer>(
    reader,
    `SELECT pid, backend_xid::text AS xid FROM pg_stat_activity
      WHERE datname = current_database() AND backend_xid IS NOT NULL AND pid <> pg_backend_pid()`,
    [],
  );
}

/** A process that stands still in the middle of a write: what it had not committed was promised to nobody. */
export async function endWriter(reader: Tx, { pid, xid }: Writer): Promise<void> {
  await querySql(
    reader,
    `SELECT pg_terminate_backend(pid) AS ended FROM pg_stat_activity WHERE pid = $1::int AND backend_xid::text = $2`,
    [pid, xid],
  );
}

/** Back to before: what was done for epochs that the license does not know. */
export async function undo(tx: Tx, deploymentId: string, beyond: number): Promise<void> {
  for (const table of ['move_step', 'move_parcel']) {
    await executeSql(tx, `DELETE FROM ${table} WHERE deployment_id = $1::uuid AND to_epoch > $2::int`, [
      deploymentId,
      beyond,
    ]);
  }
}

export async function release(tx: Tx, deploymentId: string): Promise<void> {
  await executeSql(tx, 'DELETE FROM move_hold WHERE deployment_id = $1::uuid', [deploymentId]);
}

/** Limits are the new home's now. Usage, its keys and its windows stay: they are what this home's hours were closed with. */
export async function letGo(tx: Tx, deploymentId: string): Promise<void> {
  const tables = [
    ...['limit_hold', 'limit_reservation', 'limit_slice', 'limit_ticket', 'limit_throttle', 'limit_recount'],
    ...['limit_counter', 'level_report', 'move_parcel'],
  ];
  for (const table of tables) {
    await executeSql(tx, `DELETE FROM ${table} WHERE deployment_id = $1::uuid`, [deploymentId]);
  }
}

export async function hasUnsent(reader: Tx): Promise<boolean> {
  const rows = await querySql(
    reader,
    `SELECT 1 AS waits WHERE EXISTS (SELECT 1 FROM outbox WHERE published_at IS NULL)
        OR EXISTS (SELECT 1 FROM usage_window WHERE sent_revision < revision)`,
    [],
  );
  return rows.length > 0;
}
