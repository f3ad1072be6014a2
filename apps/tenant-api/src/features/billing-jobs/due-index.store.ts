import { executeSql, querySql, type TransactionOptions, type Tx } from '@biplane/service-kit';

/**
 * How the index is written, but for its end: it says nothing that the tenant's own database does not, and each of those is read again within
 * the hour. What a crash of PostgreSQL takes back is one place of a fraction of a second before it: a deployment that is looked at once too
 * often, or found by who reads the databases.
 */
export const HINT: TransactionOptions = { durability: 'relaxed' };

/** The deployment's next instant, as its database said now; due again until that changes. */
export async function saveDue(tx: Tx, deploymentId: string, dueAt: Date | null, at: Date): Promise<void> {
  await executeSql(
    tx,
    `INSERT INTO billing_due (deployment_id, due_at, queued_at, read_at) VALUES ($1::uuid, $2, NULL, $3)
     ON CONFLICT (deployment_id) DO UPDATE SET due_at = excluded.due_at, read_at = excluded.read_at,
       queued_at = CASE WHEN billing_due.due_at IS NOT DISTINCT FROM excluded.due_at THEN billing_due.queued_at END`,
    [deploymentId, dueAt, at],
  );
}

/** When it counts as read, whatever is due in it. */
export async function saveReadAt(tx: Tx, deploymentId: string, at: Date): Promise<void> {
  await executeSql(
    tx,
    `INSERT INTO billing_due (deployment_id, read_at) VALUES ($1::uuid, $2)
     ON CONFLICT (deployment_id) DO UPDATE SET read_at = excluded.read_at`,
    [deploymentId, at],
  );
}

/** Another home has it. */
export async function forgetDue(tx: Tx, deploymentId: string): Promise<void> {
  await executeSql(tx, 'DELETE FROM billing_due WHERE deployment_id = $1::uuid', [deploymentId]);
}

/** Those that are due and were not given to the queue since then; marked as given now. */
export async function takeDue(tx: Tx, now: Date, queuedBefore: Date, take: number): Promise<readonly string[]> {
  const rows = await querySql<{ id: string }>(
    tx,
    `UPDATE billing_due SET queued_at = $1 WHERE deployment_id IN (
       SELECT deployment_id FROM billing_due WHERE due_at <= $1 AND (queued_at IS NULL OR queued_at < $2 OR queued_at > $1)
        ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED) RETURNING deployment_id::text AS id`,
    [now, queuedBefore, take],
  );
  return rows.map(({ id }) => id);
}

/** Ready databases that were never read, or the longest ago. */
export async function oldestRead(tx: Tx, readBefore: Date, take: number): Promise<readonly string[]> {
  const rows = await querySql<{ id: string }>(
    tx,
    `SELECT d.deployment_id::text AS id FROM tenant_database d LEFT JOIN billing_due b ON b.deployment_id = d.deployment_id
      WHERE d.state = 'ready' AND (b.read_at IS NULL OR b.read_at < $1) ORDER BY b.read_at NULLS FIRST LIMIT $2`,
    [readBefore, take],
  );
  return rows.map(({ id }) => id);
}
