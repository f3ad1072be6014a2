import type { Adjustment } from '@biplane/limits';
import { executeSql, querySql, type Tx } from '@biplane/service-kit';

/** A correction that a recount made. */
export interface UsageAdjustment {
  readonly subject: 'window' | 'counter';
  readonly deploymentId: string;
  readonly meter: string;
  readonly windowStart: Date;
  readonly before: string;
  readonly after: string;
  /** `after - before`, signed. */
  readonly delta: string;
}

const RETURNED = `subject, deployment_id::text AS "deploymentId", meter, window_start AS "windowStart",
  trim_scale(before)::text AS before, trim_scale(after)::text AS after, trim_scale(delta)::text AS delta`;

/** The hours from the given one on that hold windows, in order, with how many. */
export function hoursWithWindows(
  tx: Tx,
  from: Date,
  deploymentId: string | null,
): Promise<{ hour: Date; windows: number }[]> {
  return querySql(
    tx,
    `SELECT hour, count(*)::int AS windows FROM usage_window
      WHERE hour >= $1::text::timestamptz AND ($2::text IS NULL OR deployment_id = $2::text::uuid)
      GROUP BY hour ORDER BY hour`,
    [from.toISOString(), deploymentId],
  );
}

/**
 * Sets windows right by their log, each with the next revision and a row that says so. Whoever counts writes the log first
 * and its window last, so what the windows' locks let through is in both or in neither.
 */
export async function healWindows(
  tx: Tx,
  hours: readonly Date[],
  deploymentId: string | null,
  cause: string,
  now: Date,
): Promise<UsageAdjustment[]> {
  const scope = [hours.map((hour) => hour.toISOString()).join(','), deploymentId];
  const inScope = `hour = ANY(string_to_array($1::text, ',')::timestamptz[])
                   AND ($2::text IS NULL OR deployment_id = $2::text::uuid)`;
  await querySql(
    tx,
    `SELECT 1 AS locked FROM usage_window WHERE ${inScope}
      ORDER BY deployment_id, meter COLLATE "C", window_start FOR UPDATE`,
    scope,
  );
  return querySql<UsageAdjustment>(
    tx,
    `WITH recounted AS (
       SELECT w.deployment_id, w.meter, w.window_start, w.quantity AS before, coalesce(
                CASE w.aggregation
                  WHEN 'sum' THEN (
                    SELECT sum(quantity) FROM (
                      SELECT quantity FROM usage_event e
                       WHERE (e.deployment_id, e.meter, e.window_start) = (w.deployment_id, w.meter, w.window_start)
                      UNION ALL
                      SELECT quantity FROM usage_call c
                       WHERE (c.deployment_id, c.meter, c.window_start) = (w.deployment_id, w.meter, w.window_start)
                    ) logged)
                  WHEN 'peak' THEN (
                    SELECT max(quantity) FROM usage_event e
                     WHERE (e.deployment_id, e.meter, e.window_start) = (w.deployment_id, w.meter, w.window_start))
                  ELSE (
                    SELECT quantity FROM usage_event e
                     WHERE (e.deployment_id, e.meter, e.window_start) = (w.deployment_id, w.meter, w.window_start)
                     ORDER BY occurred_at DESC, quantity DESC LIMIT 1)
                END, 0) AS after
         FROM usage_window w WHERE ${inScope}
     ), healed AS (
       UPDATE usage_window w SET quantity = r.after, revision = w.revision + 1 FROM recounted r
        WHERE (w.deployment_id, w.meter, w.window_start) = (r.deployment_id, r.meter, r.window_start) AND r.before <> r.after
       RETURNING w.deployment_id, w.meter, w.window_start, r.before, r.after, w.revision
     )
     INSERT INTO usage_adjustment (subject, deployment_id, meter, window_start, before, after, delta, detail, cause, adjusted_at)
     SELECT 'window', deployment_id, meter, window_start, before, after, after - before,
            jsonb_build_object('revision', revision), $3, $4::text::timestamptz
       FROM healed ORDER BY deployment_id, meter, window_start
     RETURNING ${RETURNED}`,
    [...scope, cause, now.toISOString()],
  );
}

/** Says what a counter of a limit was and is; one whose use was right is corrected in what is held or lost. */
export function recordCounterAdjustment(
  tx: Tx,
  { key, before, after }: Adjustment,
  cause: string,
  now: Date,
): Promise<UsageAdjustment[]> {
  return querySql<UsageAdjustment>(
    tx,
    `INSERT INTO usage_adjustment (subject, deployment_id, meter, window_start, before, after, delta, detail, cause, adjusted_at)
     VALUES ('counter', $1::uuid, $2, $3::text::timestamptz, $4::text::numeric, $5::text::numeric,
             $5::text::numeric - $4::text::numeric, $6::text::jsonb, $7, $8::text::timestamptz)
     RETURNING ${RETURNED}`,
    [
      key.deploymentId,
      key.meter,
      (key.period?.from ?? new Date(0)).toISOString(),
      before.used,
      after.used,
      JSON.stringify({ window: key.window ?? 'level', before, after }),
      cause,
      now.toISOString(),
    ],
  );
}

/** Whether this replica is the one that recounts now: it moves the due instant. One that lies too far ahead is due too. */
export async function takeDueRecount(tx: Tx, homeId: string, now: Date, everyMs: number): Promise<boolean> {
  const moved = await executeSql(
    tx,
    `UPDATE home_state SET reconcile_due_at = $2::text::timestamptz
      WHERE home_id = $1::uuid AND (reconcile_due_at IS NULL OR reconcile_due_at <= $3::text::timestamptz
                                    OR reconcile_due_at > $2::text::timestamptz)`,
    [homeId, new Date(now.getTime() + everyMs).toISOString(), now.toISOString()],
  );
  return moved === 1;
}
