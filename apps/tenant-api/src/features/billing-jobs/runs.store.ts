import { executeSql, querySql, type Tx } from '@biplane/service-kit';
import type { Work } from './domain/due-work.js';
import type { Recurring, RunKind } from './domain/schedule.js';

export interface Schedule extends Recurring {
  readonly kind: RunKind;
  readonly enabled: boolean;
  readonly nextDueAt: Date | null;
  readonly updatedAt: Date;
}

export interface Run {
  readonly id: string;
  readonly kind: RunKind;
  readonly dueAt: Date;
  readonly requestedBy: string;
  readonly state: 'running' | 'succeeded';
  readonly startedAt: Date;
  readonly endedAt: Date | null;
  readonly done: number;
  readonly skipped: number;
  /** Turns that failed since the last one that did not; with why the last one did, and when the next is. */
  readonly failures: number;
  readonly lastError: string | null;
  readonly retryAt: Date | null;
}

const SCHEDULE = `SELECT kind, day_of_month AS "dayOfMonth", time_zone AS "timeZone", enabled, next_due_at AS "nextDueAt",
  updated_at AS "updatedAt" FROM billing_schedule`;
const RUN = `SELECT id::text AS id, kind, due_at AS "dueAt", requested_by AS "requestedBy", state, started_at AS "startedAt",
  ended_at AS "endedAt", done, skipped, failures, last_error AS "lastError", retry_at AS "retryAt" FROM billing_run`;

export async function listSchedules(tx: Tx): Promise<readonly Schedule[]> {
  return querySql<Schedule>(tx, `${SCHEDULE} ORDER BY kind`);
}

/** That of the kind when it is due by then, locked. */
export async function lockDueSchedule(tx: Tx, kind: RunKind, now: Date): Promise<Schedule | null> {
  const sql = `${SCHEDULE} WHERE kind = $1 AND next_due_at <= $2 FOR UPDATE`;
  return (await querySql<Schedule>(tx, sql, [kind, now]))[0] ?? null;
}

export async function saveSchedule(tx: Tx, schedule: Schedule): Promise<void> {
  const { kind, dayOfMonth, timeZone, enabled, nextDueAt, updatedAt } = schedule;
  await executeSql(
    tx,
    `INSERT INTO billing_schedule (kind, day_of_month, time_zone, enabled, next_due_at, updated_at)
     VALUES ($1, $2::int, $3, $4, $5, $6)
     ON CONFLICT (kind) DO UPDATE SET day_of_month = excluded.day_of_month, time_zone = excluded.time_zone,
       enabled = excluded.enabled, next_due_at = excluded.next_due_at, updated_at = excluded.updated_at`,
    [kind, dayOfMonth, timeZone, enabled, nextDueAt, updatedAt],
  );
}

/** False when a run of the kind is under way, or that turn was made. */
export async function insertRun(
  tx: Tx,
  run: Pick<Run, 'id' | 'kind' | 'dueAt' | 'requestedBy' | 'startedAt'>,
): Promise<boolean> {
  const { id, kind, dueAt, requestedBy, startedAt } = run;
  const inserted = await executeSql(
    tx,
    `INSERT INTO billing_run (id, kind, due_at, requested_by, state, started_at, done, skipped)
     VALUES ($1::uuid, $2, $3, $4, 'running', $5, 0, 0) ON CONFLICT DO NOTHING`,
    [id, kind, dueAt, requestedBy, startedAt],
  );
  return inserted === 1;
}

export async function openRun(tx: Tx, kind: RunKind): Promise<Run | null> {
  return (await querySql<Run>(tx, `${RUN} WHERE state = 'running' AND kind = $1`, [kind]))[0] ?? null;
}

export async function findRun(tx: Tx, id: string): Promise<Run | null> {
  return (await querySql<Run>(tx, `${RUN} WHERE id = $1::uuid`, [id]))[0] ?? null;
}

/** The newest first, before the given turn. */
export async function listRuns(
  tx: Tx,
  query: { readonly after: { readonly at: Date; readonly id: string } | null; readonly take: number },
): Promise<readonly Run[]> {
  const { after, take } = query;
  const sql = `${RUN} WHERE ($1::timestamptz IS NULL OR (due_at, id) < ($1, $2::uuid)) ORDER BY due_at DESC, billing_run.id DESC LIMIT $3`;
  return querySql<Run>(tx, sql, [after?.at ?? null, after?.id ?? null, take]);
}

/** In the transaction of what was decided: it fails no longer. False when the run is over: then nothing is decided in its name. */
export async function countRun(tx: Tx, id: string, done: number, skipped: number): Promise<boolean> {
  const sql = `UPDATE billing_run SET done = done + $2::int, skipped = skipped + $3::int, failures = 0, last_error = NULL, retry_at = NULL
    WHERE id = $1::uuid AND state = 'running'`;
  return (await executeSql(tx, sql, [id, done, skipped])) === 1;
}

/** A turn of it that failed; nothing else of that turn is kept. */
export async function saveFailure(
  tx: Tx,
  id: string,
  failure: { readonly failures: number; readonly lastError: string; readonly retryAt: Date },
): Promise<void> {
  const sql = `UPDATE billing_run SET failures = $2::int, last_error = left($3, 64), retry_at = $4 WHERE id = $1::uuid AND state = 'running'`;
  await executeSql(tx, sql, [id, failure.failures, failure.lastError, failure.retryAt]);
}

export async function endRun(tx: Tx, id: string, at: Date): Promise<void> {
  await executeSql(
    tx,
    `UPDATE billing_run SET state = 'succeeded', ended_at = $2 WHERE id = $1::uuid AND state = 'running'`,
    [id, at],
  );
}

/** Of each kind that has any: one run of a kind goes on at a time, and its schedule has its turn after it. */
export async function listWork(tx: Tx): Promise<readonly Work[]> {
  return querySql<Work>(
    tx,
    `SELECT coalesce(r.kind, s.kind) AS kind, r.id::text AS "runId", r.retry_at AS "retryAt",
            CASE WHEN r.id IS NULL THEN s.next_due_at ELSE coalesce(r.retry_at, r.due_at) END AS at
       FROM (SELECT * FROM billing_run WHERE state = 'running') r FULL JOIN billing_schedule s ON s.kind = r.kind`,
  );
}
