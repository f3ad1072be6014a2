import { executeSql, querySql, type Tx } from '@biplane/service-kit';

export interface DueReport {
  readonly deploymentId: string;
  readonly meter: string;
}

/** Moves the next report to `dueAt`. */
export async function expectReport(tx: Tx, { deploymentId, meter }: DueReport, dueAt: Date): Promise<void> {
  await executeSql(
    tx,
    `INSERT INTO level_report (deployment_id, meter, due_at) VALUES ($1::uuid, $2, $3::text::timestamptz)
     ON CONFLICT (deployment_id, meter) DO UPDATE SET due_at = excluded.due_at`,
    [deploymentId, meter, dueAt.toISOString()],
  );
}

/** Those that are due: other replicas leave them alone until `until`. */
export function takeDueReports(tx: Tx, now: Date, until: Date, max: number): Promise<DueReport[]> {
  return querySql<DueReport>(
    tx,
    `WITH due AS (
       SELECT deployment_id, meter FROM level_report WHERE due_at <= $1::text::timestamptz
        ORDER BY due_at LIMIT $3::int FOR UPDATE SKIP LOCKED
     )
     UPDATE level_report r SET due_at = $2::text::timestamptz FROM due
      WHERE (r.deployment_id, r.meter) = (due.deployment_id, due.meter)
     RETURNING r.deployment_id::text AS "deploymentId", r.meter`,
    [now.toISOString(), until.toISOString(), max],
  );
}

/** Nothing when the level was about to change again since: then it is told again. */
export async function reported(tx: Tx, { deploymentId, meter }: DueReport, until: Date, next: Date): Promise<void> {
  await executeSql(
    tx,
    `UPDATE level_report SET due_at = $4::text::timestamptz
      WHERE deployment_id = $1::uuid AND meter = $2 AND due_at = $3::text::timestamptz`,
    [deploymentId, meter, until.toISOString(), next.toISOString()],
  );
}

export async function forgetReport(tx: Tx, { deploymentId, meter }: DueReport): Promise<void> {
  await executeSql(tx, 'DELETE FROM level_report WHERE deployment_id = $1::uuid AND meter = $2', [deploymentId, meter]);
}
