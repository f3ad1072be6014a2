import { executeSql, querySql, type Tx } from '@biplane/service-kit';
import type { MigrationState, Progress, RunState } from './domain/run-rules.js';

export interface RunRow {
  readonly id: string;
  readonly targetVersion: string;
  readonly targetHash: string;
  readonly state: RunState;
  readonly reason: string | null;
  readonly wave: number;
  readonly waves: number;
  readonly atOnceMax: number;
  readonly failuresPercentMax: number;
  readonly attemptsMax: number;
  readonly failuresAcknowledged: number;
  readonly requestedBy: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly endedAt: Date | null;
}

const RUN = `id::text, target_version AS "targetVersion", target_hash AS "targetHash", state, reason, wave, waves,
  at_once_max AS "atOnceMax", failures_percent_max AS "failuresPercentMax", attempts_max AS "attemptsMax",
  failures_acknowledged AS "failuresAcknowledged", requested_by AS "requestedBy", created_at AS "createdAt",
  updated_at AS "updatedAt", ended_at AS "endedAt"`;

/** False when another run is open: of several begun at once one is. */
export async function insertRun(tx: Tx, run: RunRow): Promise<boolean> {
  const inserted = await executeSql(
    tx,
    `INSERT INTO fleet_run (id, target_version, target_hash, state, reason, wave, waves, at_once_max, failures_percent_max,
                            attempts_max, failures_acknowledged, requested_by, created_at, updated_at, ended_at)
     VALUES ($1::uuid, $2, $3, $4, $5, $6::int, $7::int, $8::int, $9::int, $10::int, $11::int, $12,
             $13::text::timestamptz, $13::text::timestamptz, $14::text::timestamptz)
     ON CONFLICT DO NOTHING`,
    [
      ...[run.id, run.targetVersion, run.targetHash, run.state, run.reason, run.wave, run.waves, run.atOnceMax],
      ...[run.failuresPercentMax, run.attemptsMax, run.failuresAcknowledged, run.requestedBy],
      ...[run.createdAt.toISOString(), run.endedAt?.toISOString() ?? null],
    ],
  );
  return inserted === 1;
}

export interface PlannedRow {
  readonly deploymentId: string;
  readonly wave: number;
  readonly position: number;
  readonly state: MigrationState;
  readonly reason: string | null;
  readonly fromVersion: string | null;
}

/** Databases that stand in the run already stay as they are. */
export async function insertMigrations(tx: Tx, runId: string, rows: readonly PlannedRow[], at: Date): Promise<void> {
  await executeSql(
    tx,
    `INSERT INTO fleet_migration (run_id, deployment_id, wave, position, state, reason, from_version, attempt, next_attempt_at)
     SELECT $1::uuid, d, w, p, s, nullif(r, ''), nullif(v, ''), 0, $8::text::timestamptz
       FROM unnest($2::uuid[], $3::int[], $4::int[], $5::text[], $6::text[], $7::text[]) AS planned(d, w, p, s, r, v)
     ON CONFLICT DO NOTHING`,
    [
      runId,
      rows.map((row) => row.deploymentId),
      rows.map((row) => row.wave),
      rows.map((row) => row.position),
      rows.map((row) => row.state),
      rows.map((row) => row.reason ?? ''),
      rows.map((row) => row.fromVersion ?? ''),
      at.toISOString(),
    ],
  );
}

export async function findRun(tx: Tx, id: string): Promise<RunRow | undefined> {
  const rows = await querySql<RunRow>(tx, `SELECT ${RUN} FROM fleet_run WHERE id = $1::uuid`, [id]);
  return rows[0];
}

export async function openRun(reader: Tx): Promise<RunRow | undefined> {
  const rows = await querySql<RunRow>(reader, `SELECT ${RUN} FROM fleet_run WHERE ended_at IS NULL`);
  return rows[0];
}

/** Everything that changes a run or takes a database of it does so one after the other, whatever replica it is in. */
export async function lockRun(tx: Tx, id: string): Promise<RunRow | undefined> {
  const rows = await querySql<RunRow>(tx, `SELECT ${RUN} FROM fleet_run WHERE id = $1::uuid FOR UPDATE`, [id]);
  return rows[0];
}

export async function saveRun(
  tx: Tx,
  run: Pick<RunRow, 'id' | 'state' | 'reason' | 'wave' | 'waves' | 'failuresAcknowledged' | 'endedAt'>,
  at: Date,
): Promise<void> {
  await executeSql(
    tx,
    `UPDATE fleet_run SET state = $2, reason = $3, wave = $4::int, waves = $5::int, failures_acknowledged = $6::int,
                          ended_at = $7::text::timestamptz, updated_at = $8::text::timestamptz
      WHERE id = $1::uuid`,
    [
      ...[run.id, run.state, run.reason, run.wave, run.waves, run.failuresAcknowledged],
      ...[run.endedAt?.toISOString() ?? null, at.toISOString()],
    ],
  );
}

export async function listRuns(
  reader: Tx,
  window: { after: readonly string[] | null; take: number },
): Promise<RunRow[]> {
  const [createdAt, id] = window.after ?? [];
  return querySql<RunRow>(
    reader,
    `SELECT ${RUN} FROM fleet_run
      WHERE $1::text IS NULL OR (created_at, id) < ($1::text::timestamptz, $2::uuid)
      ORDER BY created_at DESC, id DESC LIMIT $3::int`,
    [createdAt ?? null, id ?? null, window.take],
  );
}

export async function progressOf(tx: Tx, run: RunRow): Promise<Progress> {
  const rows = await querySql<
    Record<'total' | 'failed' | 'canariesFailed' | 'running' | 'untried' | 'waiting', number>
  >(
    tx,
    `SELECT count(*) FILTER (WHERE state <> 'skipped')::int AS total,
            count(*) FILTER (WHERE state = 'failed')::int AS failed,
            count(*) FILTER (WHERE state = 'failed' AND wave = 0)::int AS "canariesFailed",
            count(*) FILTER (WHERE state = 'running' AND wave <= $2::int)::int AS running,
            count(*) FILTER (WHERE state = 'pending' AND attempt = 0 AND wave <= $2::int)::int AS untried,
            count(*) FILTER (WHERE state = 'pending' AND attempt > 0 AND wave <= $2::int)::int AS waiting
       FROM fleet_migration WHERE run_id = $1::uuid`,
    [run.id, run.wave],
  );
  const counts = rows[0] ?? { total: 0, failed: 0, canariesFailed: 0, running: 0, untried: 0, waiting: 0 };
  const { state, wave, waves, failuresAcknowledged: acknowledged, failuresPercentMax } = run;
  return { state, wave, waves, acknowledged, failuresPercentMax, ...counts };
}

export interface Tally {
  readonly wave: number;
  readonly state: MigrationState;
  readonly count: number;
}

export async function tallyOf(reader: Tx, runId: string): Promise<Tally[]> {
  return querySql<Tally>(
    reader,
    `SELECT wave, state, count(*)::int AS count FROM fleet_migration WHERE run_id = $1::uuid
      GROUP BY wave, state ORDER BY wave, state`,
    [runId],
  );
}

/** Failed and skipped ones once more, as if never tried. */
export async function retryMigrations(tx: Tx, runId: string, at: Date): Promise<number> {
  return executeSql(
    tx,
    `UPDATE fleet_migration
        SET state = 'pending', reason = NULL, failed_migration = NULL, attempt = 0, next_attempt_at = $2::text::timestamptz,
            ended_at = NULL
      WHERE run_id = $1::uuid AND state IN ('failed', 'skipped')`,
    [runId, at.toISOString()],
  );
}
