import { executeSql, querySql, type TransactionOptions, type Tx } from '@biplane/service-kit';

/**
 * How visits are taken, hinted at and ended: each database is visited again after the visitor's own time, due or not. What a crash of
 * PostgreSQL takes back is a visit that is made once more, or a hint that is made up for by then.
 */
export const HINT: TransactionOptions = { durability: 'relaxed' };

/** What a tenant's database is looked into for. */
export type VisitKind = 'statement_mail' | 'retention';

export interface TakenVisit {
  readonly deploymentId: string;
  readonly takenAt: Date;
}

/** A database that nobody has asked for this yet is due now. */
export async function addUnvisited(tx: Tx, kind: VisitKind, now: Date, take: number): Promise<void> {
  await executeSql(
    tx,
    `INSERT INTO tenant_visit (deployment_id, kind, due_at)
     SELECT d.deployment_id, $1::text, $2::timestamptz FROM tenant_database d WHERE d.state = 'ready'
        AND NOT EXISTS (SELECT 1 FROM tenant_visit v WHERE v.deployment_id = d.deployment_id AND v.kind = $1::text) LIMIT $3
     ON CONFLICT DO NOTHING`,
    [kind, now, take],
  );
}

/** Those that are due, or were visited before the given instant; of a process that died with them they are due again after a while. */
export async function takeVisits(
  tx: Tx,
  kind: VisitKind,
  at: { readonly now: Date; readonly visitedBefore: Date; readonly takenBefore: Date; readonly take: number },
): Promise<readonly TakenVisit[]> {
  const { now, visitedBefore, takenBefore, take } = at;
  return querySql<TakenVisit>(
    tx,
    `UPDATE tenant_visit SET taken_at = $2 WHERE kind = $1 AND deployment_id IN (
       SELECT deployment_id FROM tenant_visit
        WHERE kind = $1 AND (due_at <= $2 OR visited_at < $3) AND (taken_at IS NULL OR taken_at < $4 OR taken_at > $2)
        ORDER BY visited_at NULLS FIRST LIMIT $5 FOR UPDATE SKIP LOCKED)
     RETURNING deployment_id::text AS "deploymentId", taken_at AS "takenAt"`,
    [kind, now, visitedBefore, takenBefore, take],
  );
}

/** What the database said is due next. Nothing when somebody hinted meanwhile: then it is visited again. */
export async function endVisit(
  tx: Tx,
  kind: VisitKind,
  { deploymentId, takenAt }: TakenVisit,
  told: { readonly dueAt: Date | null; readonly at: Date },
): Promise<void> {
  await executeSql(
    tx,
    `UPDATE tenant_visit SET due_at = $4, visited_at = $5, taken_at = NULL
      WHERE deployment_id = $1::uuid AND kind = $2 AND taken_at = $3`,
    [deploymentId, kind, takenAt, told.dueAt, told.at],
  );
}

/** Something is due in that database then, or already. */
export async function hintVisit(tx: Tx, kind: VisitKind, deploymentId: string, dueAt: Date): Promise<void> {
  await executeSql(
    tx,
    `INSERT INTO tenant_visit (deployment_id, kind, due_at) VALUES ($1::uuid, $2, $3)
     ON CONFLICT (deployment_id, kind) DO UPDATE SET due_at = least(tenant_visit.due_at, excluded.due_at), taken_at = NULL`,
    [deploymentId, kind, dueAt],
  );
}

/** Another home has it. */
export async function forgetVisits(tx: Tx, deploymentId: string): Promise<void> {
  await executeSql(tx, 'DELETE FROM tenant_visit WHERE deployment_id = $1::uuid', [deploymentId]);
}
