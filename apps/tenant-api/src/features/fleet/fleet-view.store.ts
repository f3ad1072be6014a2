import { querySql, type Tx } from '@biplane/service-kit';

export const SCHEMA_STATES = ['pending', 'running', 'done', 'failed', 'skipped', 'ahead'] as const;
export type SchemaState = (typeof SCHEMA_STATES)[number];

/** One database of the registry beside what the newest run to the program's schema says of it. */
export interface FleetRow {
  readonly deploymentId: string;
  readonly tenantId: string;
  readonly name: string;
  readonly state: string;
  readonly reason: string | null;
  readonly schemaVersion: string | null;
  readonly epoch: number;
  readonly adminBootstrapped: boolean;
  readonly attempts: number;
  readonly nextAttemptAt: Date | null;
  readonly readyAt: Date | null;
  readonly schemaState: SchemaState;
  readonly runId: string | null;
  readonly wave: number | null;
  readonly migrationReason: string | null;
  readonly failedMigration: string | null;
  readonly migrationAttempt: number | null;
  readonly checksum: string | null;
}

/** Reads the registry of the tenancy feature, and changes nothing of it. */
const FLEET = `
SELECT d.deployment_id::text AS "deploymentId", d.tenant_id::text AS "tenantId", d.name, d.state, d.reason,
       d.schema_version AS "schemaVersion", d.epoch, d.admin_bootstrapped AS "adminBootstrapped", d.attempts,
       d.next_attempt_at AS "nextAttemptAt", d.ready_at AS "readyAt",
       CASE WHEN d.schema_version = $1 THEN 'done' WHEN d.schema_version > $1 THEN 'ahead' ELSE coalesce(m.state, 'pending') END
         AS "schemaState",
       m.run_id::text AS "runId", m.wave, m.reason AS "migrationReason", m.failed_migration AS "failedMigration",
       m.attempt AS "migrationAttempt", m.checksum
  FROM tenant_database d
  LEFT JOIN LATERAL (
       SELECT f.* FROM fleet_migration f JOIN fleet_run r ON r.id = f.run_id
        WHERE f.deployment_id = d.deployment_id AND r.target_version = $1
        ORDER BY r.created_at DESC, r.id DESC LIMIT 1) m ON true`;

export interface FleetFilter {
  readonly targetVersion: string;
  readonly state: string | null;
  readonly schemaState: string | null;
  readonly runId: string | null;
}

export async function listFleet(
  reader: Tx,
  filter: FleetFilter,
  window: { after: string | null; take: number },
): Promise<FleetRow[]> {
  return querySql<FleetRow>(
    reader,
    `SELECT * FROM (${FLEET}) fleet
      WHERE "deploymentId" > coalesce($2::text, '') AND ($3::text IS NULL OR state = $3)
        AND ($4::text IS NULL OR "schemaState" = $4) AND ($5::text IS NULL OR "runId" = $5)
      ORDER BY "deploymentId" LIMIT $6::int`,
    [filter.targetVersion, window.after, filter.state, filter.schemaState, filter.runId, window.take],
  );
}
