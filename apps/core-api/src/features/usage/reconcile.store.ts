import { Injectable } from '@nestjs/common';
import type { Period } from '@biplane/billing-calendar';
import { executeSql, querySql, type Tx } from '@biplane/service-kit';
import { CONTROL_HOME } from './control-home.js';
import type { ClosedWindow } from './control-usage.store.js';

/** A window of the control plane as it stands, and as its log says it should. */
export interface RecountedWindow extends ClosedWindow {
  readonly before: string;
  readonly after: string;
}

const LOGGED = `CASE w.aggregation WHEN 'sum' THEN sum(e.quantity) WHEN 'peak' THEN max(e.quantity)
  ELSE (array_agg(e.quantity ORDER BY e.occurred_at DESC, e.quantity DESC))[1] END`;

const RECOUNT = `SELECT w.deployment_id::text AS "deploymentId", w.meter, w.window_start AS "windowStart", w.aggregation,
    trim_scale(w.quantity)::text AS before, trim_scale(coalesce(l.total, 0))::text AS after
  FROM usage_window w CROSS JOIN LATERAL (
    SELECT ${LOGGED} AS total FROM usage_event e
     WHERE (e.deployment_id, e.meter, e.window_start) = (w.deployment_id, w.meter, w.window_start)) AS l
 WHERE w.home_id = '${CONTROL_HOME}'`;

/** Compares totals with what they were made from. */
@Injectable()
export class ReconcileStore {
  /** Windows whose total is not what their log comes to. */
  differing(tx: Tx, period: Period, max: number): Promise<RecountedWindow[]> {
    return querySql(
      tx,
      `${RECOUNT} AND w.window_start >= $1::timestamptz AND w.window_start < $2::timestamptz
          AND w.quantity <> coalesce(l.total, 0)
        ORDER BY w.deployment_id, w.meter, w.window_start LIMIT $3::int`,
      [period.from.toISOString(), period.to.toISOString(), max],
    );
  }

  /** Once more, of one window and under its lock: what was being stored meanwhile is in both or in neither. */
  async recount(tx: Tx, { deploymentId, meter, windowStart }: ClosedWindow): Promise<RecountedWindow | null> {
    const key = [deploymentId, meter, windowStart.toISOString()];
    await querySql(
      tx,
      `SELECT 1 FROM usage_window WHERE deployment_id = $1::uuid AND meter = $2 AND window_start = $3::timestamptz
          AND home_id = '${CONTROL_HOME}' FOR UPDATE`,
      key,
    );
    const rows = await querySql<RecountedWindow>(
      tx,
      `${RECOUNT} AND w.deployment_id = $1::uuid AND w.meter = $2 AND w.window_start = $3::timestamptz`,
      key,
    );
    const [row] = rows;
    return row === undefined || row.before === row.after ? null : row;
  }

  async correct(tx: Tx, window: RecountedWindow, by: { id: string; actor: string; now: Date }): Promise<void> {
    const { deploymentId, meter, windowStart, before, after } = window;
    await executeSql(
      tx,
      `WITH corrected AS (
         UPDATE usage_window SET quantity = $4::numeric, revision = revision + 1, received_at = $5::timestamptz
          WHERE deployment_id = $1::uuid AND meter = $2 AND window_start = $3::timestamptz AND home_id = '${CONTROL_HOME}'
         RETURNING revision)
       INSERT INTO usage_adjustment (id, deployment_id, meter, window_start, before, after, difference, revision, actor, adjusted_at)
       SELECT $6::uuid, $1::uuid, $2, $3::timestamptz, $7::numeric, $4::numeric, $4::numeric - $7::numeric, revision, $8,
              $5::timestamptz FROM corrected`,
      [deploymentId, meter, windowStart.toISOString(), after, by.now.toISOString(), by.id, before, by.actor],
    );
  }

  /** What core-api counted in the period, and how many windows of it. */
  counted(tx: Tx, period: Period): Promise<{ deploymentId: string; meter: string; windows: number }[]> {
    return querySql(
      tx,
      `SELECT deployment_id::text AS "deploymentId", meter, count(*)::int AS windows FROM usage_window
        WHERE home_id = '${CONTROL_HOME}' AND window_start >= $1::timestamptz AND window_start < $2::timestamptz
        GROUP BY 1, 2 ORDER BY 1, 2`,
      [period.from.toISOString(), period.to.toISOString()],
    );
  }

  /** Closed windows of which the history says something else than the total that counts. */
  async withoutHistory(tx: Tx, period: Period): Promise<number> {
    const [row] = await querySql<{ n: number }>(
      tx,
      `SELECT count(*)::int AS n FROM usage_window w LEFT JOIN LATERAL (
         SELECT m.quantity, m.revision FROM tenant_usage_metric m
          WHERE (m.deployment_id, m.meter, m.window_start, m.home_id, m.incarnation)
              = (w.deployment_id, w.meter, w.window_start, w.home_id, w.incarnation)
          ORDER BY m.revision DESC LIMIT 1) AS m ON true
        WHERE w.closed AND w.window_start >= $1::timestamptz AND w.window_start < $2::timestamptz
          AND (m.quantity IS DISTINCT FROM w.quantity OR m.revision IS DISTINCT FROM w.revision)`,
      [period.from.toISOString(), period.to.toISOString()],
    );
    return row?.n ?? 0;
  }

  /** Of each home: how many windows it closed in hours that do not match, and how many of those are held. */
  lacking(tx: Tx, period: Period): Promise<{ homeId: string; closed: number; held: number }[]> {
    return querySql(
      tx,
      `SELECT c.home_id::text AS "homeId", sum(c.windows)::int AS closed, sum(h.held)::int AS held
         FROM home_close c CROSS JOIN LATERAL (
           SELECT count(*) AS held FROM usage_window w
            WHERE (w.home_id, w.incarnation, w.hour) = (c.home_id, c.incarnation, c.hour)) AS h
        WHERE NOT c.complete AND c.hour >= $1::timestamptz AND c.hour < $2::timestamptz GROUP BY 1`,
      [period.from.toISOString(), period.to.toISOString()],
    );
  }
}
