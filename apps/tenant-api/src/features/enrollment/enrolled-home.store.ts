import { executeSql, querySql, type Tx } from '@biplane/service-kit';

export type EnrolledState = 'creating' | 'enrolled' | 'dropping' | 'dropped';

export interface SealedHomeSecrets {
  readonly ownerSecret: string;
  readonly runtimeSecret: string;
  readonly redisSecret: string;
  readonly tokenKeySecret: string;
  readonly fieldKeysSecret: string;
}

export interface SealedTenantSecrets {
  readonly tenantOwnerSecret: string;
  readonly tenantRuntimeSecret: string;
}

export interface EnrolledHomeRow extends SealedHomeSecrets {
  readonly homeId: string;
  readonly deploymentId: string;
  readonly tenantId: string;
  readonly state: EnrolledState;
  readonly epoch: number | null;
  readonly tenantOwnerSecret: string | null;
  readonly tenantRuntimeSecret: string | null;
  readonly tenantMadeAt: Date | null;
  readonly droppedAt: Date | null;
}

const COLUMNS = `home_id::text AS "homeId", deployment_id::text AS "deploymentId", tenant_id::text AS "tenantId", state, epoch,
  owner_secret AS "ownerSecret", runtime_secret AS "runtimeSecret", tenant_owner_secret AS "tenantOwnerSecret",
  tenant_runtime_secret AS "tenantRuntimeSecret", redis_secret AS "redisSecret", token_key_secret AS "tokenKeySecret",
  field_keys_secret AS "fieldKeysSecret", tenant_made_at AS "tenantMadeAt", dropped_at AS "droppedAt"`;

export async function findEnrolled(reader: Tx, homeId: string): Promise<EnrolledHomeRow | undefined> {
  const rows = await querySql<EnrolledHomeRow>(
    reader,
    `SELECT ${COLUMNS} FROM enrolled_home WHERE home_id = $1::uuid`,
    [homeId],
  );
  return rows[0];
}

/** The homes of a deployment, the newest placement first. */
export async function enrolledHomesOf(reader: Tx, deploymentId: string): Promise<EnrolledHomeRow[]> {
  return querySql<EnrolledHomeRow>(
    reader,
    `SELECT ${COLUMNS} FROM enrolled_home WHERE deployment_id = $1::uuid ORDER BY epoch DESC NULLS LAST, home_id`,
    [deploymentId],
  );
}

/** Those whose databases stand. */
export async function standingHomes(reader: Tx): Promise<EnrolledHomeRow[]> {
  return querySql<EnrolledHomeRow>(
    reader,
    `SELECT ${COLUMNS} FROM enrolled_home WHERE state <> 'dropped' ORDER BY home_id`,
  );
}

/** All that ever enrolled here, those that were dropped too. */
export async function statesOfHomes(reader: Tx): Promise<{ homeId: string; state: EnrolledState }[]> {
  return querySql(reader, `SELECT home_id::text AS "homeId", state FROM enrolled_home`);
}

/** Written before anything is made, with the secrets that it will get; the first ones stay. */
export async function recordHomeIntent(
  tx: Tx,
  intent: SealedHomeSecrets & {
    readonly homeId: string;
    readonly deploymentId: string;
    readonly tenantId: string;
    readonly at: Date;
  },
): Promise<void> {
  await executeSql(
    tx,
    `INSERT INTO enrolled_home (home_id, deployment_id, tenant_id, state, owner_secret, runtime_secret, redis_secret,
                                token_key_secret, field_keys_secret, intent_at)
     VALUES ($1::uuid, $2::uuid, $3::uuid, 'creating', $4, $5, $6, $7, $8, $9::text::timestamptz)
     ON CONFLICT (home_id) DO NOTHING`,
    [
      intent.homeId,
      intent.deploymentId,
      intent.tenantId,
      intent.ownerSecret,
      intent.runtimeSecret,
      intent.redisSecret,
      intent.tokenKeySecret,
      intent.fieldKeysSecret,
      intent.at.toISOString(),
    ],
  );
}

/** The logins of a placement; an epoch never goes back. */
export async function recordTenantIntent(
  tx: Tx,
  intent: SealedTenantSecrets & { readonly homeId: string; readonly epoch: number },
): Promise<void> {
  await executeSql(
    tx,
    `UPDATE enrolled_home SET (epoch, tenant_owner_secret, tenant_runtime_secret) = ($2::int, $3, $4)
      WHERE home_id = $1::uuid AND (epoch IS NULL OR epoch < $2::int)`,
    [intent.homeId, intent.epoch, intent.tenantOwnerSecret, intent.tenantRuntimeSecret],
  );
}

export async function recordTenantMade(tx: Tx, homeId: string, at: Date): Promise<void> {
  await executeSql(
    tx,
    `UPDATE enrolled_home SET tenant_made_at = coalesce(tenant_made_at, $2::text::timestamptz) WHERE home_id = $1::uuid`,
    [homeId, at.toISOString()],
  );
}

export async function recordEnrolled(tx: Tx, homeId: string, at: Date): Promise<void> {
  await executeSql(
    tx,
    `UPDATE enrolled_home
        SET state = 'enrolled', enrolled_at = coalesce(enrolled_at, $2::text::timestamptz),
            last_enrolled_at = $2::text::timestamptz
      WHERE home_id = $1::uuid AND state IN ('creating', 'enrolled', 'dropping')`,
    [homeId, at.toISOString()],
  );
}

export async function recordHomeDropping(tx: Tx, homeId: string): Promise<void> {
  await executeSql(
    tx,
    `UPDATE enrolled_home SET state = 'dropping' WHERE home_id = $1::uuid AND state IN ('creating', 'enrolled')`,
    [homeId],
  );
}

/** True for whoever changed it: that one tells core-api. */
export async function recordHomeDropped(tx: Tx, homeId: string, at: Date): Promise<boolean> {
  const changed = await executeSql(
    tx,
    `UPDATE enrolled_home SET (state, dropped_at) = ('dropped', $2::text::timestamptz)
      WHERE home_id = $1::uuid AND state <> 'dropped'`,
    [homeId, at.toISOString()],
  );
  return changed === 1;
}
