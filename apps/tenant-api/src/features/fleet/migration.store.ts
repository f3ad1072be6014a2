import { executeSql, querySql, type Tx } from '@biplane/service-kit';
import type { MigrationState } from './domain/run-rules.js';

/** A database that this replica took, to migrate it. */
export interface Taken {
  readonly runId: string;
  readonly deploymentId: string;
  readonly attempt: number;
}

/**
 * The next due one of the waves that are open, or none when as many as allowed are being migrated. One whose lease has run out is taken
 * from whoever held it. The run is locked, so no two replicas look at once.
 */
export async function takeNext(
  tx: Tx,
  of: { runId: string; wave: number; atOnceMax: number; by: string; now: Date; leaseUntil: Date },
): Promise<Taken | undefined> {
  const rows = await querySql<Taken>(
    tx,
    `UPDATE fleet_migration
        SET state = 'running', attempt = attempt + 1, leased_by = $4, lease_until = $6::text::timestamptz, reason = NULL,
            started_at = coalesce(started_at, $5::text::timestamptz)
      WHERE (run_id, deployment_id) = (
              SELECT run_id, deployment_id FROM fleet_migration
               WHERE run_id = $1::uuid AND wave <= $2::int
                 AND ((state = 'pending' AND next_attempt_at <= $5::text::timestamptz)
                      OR (state = 'running' AND lease_until <= $5::text::timestamptz))
               ORDER BY wave, position LIMIT 1)
        AND (SELECT count(*) FROM fleet_migration
              WHERE run_id = $1::uuid AND state = 'running' AND lease_until > $5::text::timestamptz) < $3::int
    RETURNING run_id::text AS "runId", deployment_id::text AS "deploymentId", attempt`,
    [of.runId, of.wave, of.atOnceMax, of.by, of.now.toISOString(), of.leaseUntil.toISOString()],
  );
  return rows[0];
}

/** What this replica is at stays its own as long as it says so. */
export async function extendLeases(tx: Tx, by: string, until: Date): Promise<void> {
  await executeSql(
    tx,
    `UPDATE fleet_migration SET lease_until = $2::text::timestamptz WHERE leased_by = $1 AND state = 'running'`,
    [by, until.toISOString()],
  );
}

export interface Outcome {
  readonly state: Exclude<MigrationState, 'running'>;
  readonly reason: string | null;
  readonly failedMigration: string | null;
  readonly checksum: string | null;
  /** Of one that waits; null otherwise. */
  readonly nextAttemptAt: Date | null;
  readonly at: Date;
}

/** False when another replica has taken it meanwhile: what that one finds stands. */
export async function settle(tx: Tx, taken: Taken, outcome: Outcome): Promise<boolean> {
  const changed = await executeSql(
    tx,
    `UPDATE fleet_migration
        SET state = $4::text, reason = $5, failed_migration = $6, checksum = coalesce($7::text, checksum),
            next_attempt_at = coalesce($8::text::timestamptz, next_attempt_at), leased_by = NULL, lease_until = NULL,
            ended_at = CASE WHEN $4::text = 'pending' THEN NULL ELSE $9::text::timestamptz END
      WHERE run_id = $1::uuid AND deployment_id = $2::uuid AND attempt = $3::int AND state = 'running'`,
    [
      ...[taken.runId, taken.deploymentId, taken.attempt, outcome.state, outcome.reason, outcome.failedMigration],
      ...[outcome.checksum, outcome.nextAttemptAt?.toISOString() ?? null, outcome.at.toISOString()],
    ],
  );
  return changed === 1;
}

/** A try that was broken off before it could say anything does not count. */
export async function giveBack(tx: Tx, taken: Taken): Promise<void> {
  await executeSql(
    tx,
    `UPDATE fleet_migration SET state = 'pending', attempt = attempt - 1, leased_by = NULL, lease_until = NULL
      WHERE run_id = $1::uuid AND deployment_id = $2::uuid AND attempt = $3::int AND state = 'running'`,
    [taken.runId, taken.deploymentId, taken.attempt],
  );
}

export async function deploymentsOf(tx: Tx, runId: string): Promise<string[]> {
  const rows = await querySql<{ id: string }>(
    tx,
    `SELECT deployment_id::text AS id FROM fleet_migration WHERE run_id = $1::uuid`,
    [runId],
  );
  return rows.map(({ id }) => id);
}
