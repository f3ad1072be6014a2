import { executeSql, querySql, type Tx } from '@biplane/service-kit';
import type { DatabaseState } from './domain/applied-report.js';

/** One line of the registry of tenant databases. */
export interface TenantDatabaseRow {
  readonly deploymentId: string;
  readonly tenantId: string;
  readonly name: string;
  readonly state: DatabaseState;
  readonly reason: string | null;
  readonly attempts: number;
  readonly nextAttemptAt: Date | null;
  readonly epoch: number;
  readonly schemaVersion: string | null;
  readonly ownerSecret: string;
  readonly runtimeSecret: string;
  readonly adminBootstrapped: boolean;
  readonly intentAt: Date;
  readonly readyAt: Date | null;
  /** When it began to be dropped. */
  readonly dropIntentAt: Date | null;
}

export interface Intent {
  readonly deploymentId: string;
  readonly tenantId: string;
  readonly name: string;
  readonly epoch: number;
  readonly ownerSecret: string;
  readonly runtimeSecret: string;
  readonly at: Date;
  readonly lookAgainAt: Date;
}

const COLUMNS = `deployment_id::text AS "deploymentId", tenant_id::text AS "tenantId", name, state, reason, attempts,
  next_attempt_at AS "nextAttemptAt", epoch, schema_version AS "schemaVersion", owner_secret AS "ownerSecret",
  runtime_secret AS "runtimeSecret", admin_bootstrapped AS "adminBootstrapped", intent_at AS "intentAt", ready_at AS "readyAt",
  drop_intent_at AS "dropIntentAt"`;

/** Written before anything is created, with the passwords that the roles of this epoch will get; the first one's stay. */
export async function recordIntent(tx: Tx, intent: Intent): Promise<void> {
  await executeSql(
    tx,
    `INSERT INTO tenant_database (deployment_id, tenant_id, name, state, attempts, next_attempt_at, epoch, owner_secret,
                                  runtime_secret, admin_bootstrapped, intent_at, updated_at)
     VALUES ($1::uuid, $2::uuid, $3, 'creating', 0, $8::text::timestamptz, $4, $5, $6, false,
             $7::text::timestamptz, $7::text::timestamptz)
     ON CONFLICT (deployment_id) DO UPDATE
        SET (state, reason, attempts, next_attempt_at, epoch, owner_secret, runtime_secret, updated_at)
          = ('creating', NULL, 0, EXCLUDED.next_attempt_at, EXCLUDED.epoch, EXCLUDED.owner_secret, EXCLUDED.runtime_secret,
             EXCLUDED.updated_at)
      WHERE tenant_database.epoch < EXCLUDED.epoch`,
    [
      intent.deploymentId,
      intent.tenantId,
      intent.name,
      intent.epoch,
      intent.ownerSecret,
      intent.runtimeSecret,
      intent.at.toISOString(),
      intent.lookAgainAt.toISOString(),
    ],
  );
}

export async function findDatabase(reader: Tx, deploymentId: string): Promise<TenantDatabaseRow | undefined> {
  const rows = await querySql<TenantDatabaseRow>(
    reader,
    `SELECT ${COLUMNS} FROM tenant_database WHERE deployment_id = $1::uuid`,
    [deploymentId],
  );
  return rows[0];
}

/** Whether its database was whole once: a missing one is lost data. */
export async function wasReady(reader: Tx, deploymentId: string): Promise<boolean> {
  return (await findDatabase(reader, deploymentId))?.readyAt != null;
}

export async function recordReady(
  tx: Tx,
  ready: { deploymentId: string; epoch: number; schemaVersion: string; adminBootstrapped: boolean; at: Date },
): Promise<void> {
  await executeSql(
    tx,
    `UPDATE tenant_database
        SET state = 'ready', reason = NULL, attempts = 0, next_attempt_at = NULL, drop_intent_at = NULL, epoch = $2, schema_version = $3,
            admin_bootstrapped = admin_bootstrapped OR $4, ready_at = coalesce(ready_at, $5::text::timestamptz),
            updated_at = $5::text::timestamptz
      WHERE deployment_id = $1::uuid`,
    [ready.deploymentId, ready.epoch, ready.schemaVersion, ready.adminBootstrapped, ready.at.toISOString()],
  );
}

/** A database that serves stays ready whatever a later look says of the server's passing troubles. */
export async function recordFailure(
  tx: Tx,
  failure: { deploymentId: string; reason: string; at: Date; nextAttemptAt: Date; isLost: boolean },
): Promise<void> {
  await executeSql(
    tx,
    `UPDATE tenant_database
        SET state = 'failed', reason = $2, attempts = attempts + 1, next_attempt_at = $3::text::timestamptz,
            updated_at = $4::text::timestamptz
      WHERE deployment_id = $1::uuid AND (state <> 'ready' OR $5)`,
    [
      failure.deploymentId,
      failure.reason,
      failure.nextAttemptAt.toISOString(),
      failure.at.toISOString(),
      failure.isLost,
    ],
  );
}

/** First of all: no handle opens the database any more. The first instant stays. */
export async function recordDropIntent(tx: Tx, deploymentId: string, at: Date): Promise<void> {
  await executeSql(
    tx,
    `UPDATE tenant_database
        SET drop_intent_at = coalesce(drop_intent_at, $2::text::timestamptz), next_attempt_at = NULL
      WHERE deployment_id = $1::uuid AND state <> 'dropped'`,
    [deploymentId, at.toISOString()],
  );
}

/** That it was whole once stays: an empty database never takes its place without an operator. */
export async function recordDropped(tx: Tx, deploymentId: string, at: Date): Promise<void> {
  await executeSql(
    tx,
    `UPDATE tenant_database
        SET (state, reason, attempts, next_attempt_at, schema_version, admin_bootstrapped, updated_at)
          = ('dropped', NULL, 0, NULL, NULL, false, $2::text::timestamptz)
      WHERE deployment_id = $1::uuid`,
    [deploymentId, at.toISOString()],
  );
}

export async function dueDeployments(reader: Tx, now: Date, limit: number): Promise<string[]> {
  const rows = await querySql<{ deploymentId: string }>(
    reader,
    `SELECT deployment_id::text AS "deploymentId" FROM tenant_database
      WHERE next_attempt_at <= $1::text::timestamptz ORDER BY next_attempt_at LIMIT $2::int`,
    [now.toISOString(), limit],
  );
  return rows.map(({ deploymentId }) => deploymentId);
}

/** Whoever changes the row sends the report: true for one replica only, and never for what was told before. */
export async function claimReport(
  tx: Tx,
  report: { deploymentId: string; licenseVersion: number; hash: string },
): Promise<boolean> {
  const changed = await executeSql(
    tx,
    `UPDATE tenant_database SET reported_version = $2::bigint, reported_hash = $3
      WHERE deployment_id = $1::uuid
        AND (reported_version IS NULL OR reported_version <= $2::bigint)
        AND reported_hash IS DISTINCT FROM $3`,
    [report.deploymentId, report.licenseVersion, report.hash],
  );
  return changed === 1;
}

/** The newest migration of a database that serves; what failed to be made is not made by this. */
export async function recordSchema(
  tx: Tx,
  schema: { deploymentId: string; schemaVersion: string; at: Date },
): Promise<void> {
  await executeSql(
    tx,
    `UPDATE tenant_database SET schema_version = $2, updated_at = $3::text::timestamptz
      WHERE deployment_id = $1::uuid AND state = 'ready'`,
    [schema.deploymentId, schema.schemaVersion, schema.at.toISOString()],
  );
}

export async function schemasOf(
  reader: Tx,
): Promise<{ deploymentId: string; state: DatabaseState; schemaVersion: string | null }[]> {
  return querySql(
    reader,
    `SELECT deployment_id::text AS "deploymentId", state, schema_version AS "schemaVersion" FROM tenant_database
      ORDER BY deployment_id`,
  );
}

export async function readyDatabases(reader: Tx): Promise<{ deploymentId: string; name: string }[]> {
  return querySql(
    reader,
    `SELECT deployment_id::text AS "deploymentId", name FROM tenant_database
      WHERE state = 'ready' AND drop_intent_at IS NULL ORDER BY deployment_id`,
  );
}
