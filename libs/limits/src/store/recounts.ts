import type { MeterAggregation } from '@biplane/licensing';
import { executeSql, querySql, type Tx } from '@biplane/service-kit';
import type { LimitKey } from '../domain/limit-key.js';

export interface CountedMeter {
  readonly deploymentId: string;
  readonly meter: string;
}

export interface AskedRecount extends CountedMeter {
  /** 1 at once, 2 when no process is left that does not know. */
  readonly round: number;
  readonly dueAt: Date;
}

/** The latest to ask says when: it was the last to know. */
export async function askRecounts(tx: Tx, asked: readonly AskedRecount[]): Promise<void> {
  if (asked.length === 0) return;
  await executeSql(
    tx,
    `INSERT INTO limit_recount AS held (deployment_id, meter, round, due_at)
     SELECT (a->>'deploymentId')::uuid, a->>'meter', (a->>'round')::int, (a->>'dueAt')::timestamptz
       FROM jsonb_array_elements($1::text::jsonb) AS a
      ORDER BY a->>'deploymentId', a->>'meter', a->>'round'
     ON CONFLICT (deployment_id, meter, round) DO UPDATE SET due_at = greatest(held.due_at, excluded.due_at)`,
    [JSON.stringify(asked)],
  );
}

/** Those that are due, gone with the transaction that counts them again. */
export function takeDueRecounts(tx: Tx, now: Date, max: number): Promise<CountedMeter[]> {
  return querySql(
    tx,
    `WITH due AS (
       SELECT deployment_id, meter, round FROM limit_recount WHERE due_at <= $1::text::timestamptz
        ORDER BY due_at LIMIT $2::int FOR UPDATE SKIP LOCKED
     ), gone AS (
       DELETE FROM limit_recount r USING due
        WHERE (r.deployment_id, r.meter, r.round) = (due.deployment_id, due.meter, due.round)
       RETURNING r.deployment_id, r.meter
     )
     SELECT DISTINCT deployment_id::text AS "deploymentId", meter FROM gone`,
    [now.toISOString(), max],
  );
}

interface CounterKey extends CountedMeter {
  readonly window: 'day' | 'month' | 'level';
  readonly from: Date;
  readonly to: Date | null;
  readonly aggregation: MeterAggregation;
}

/** The counters of the meters whose windows have not ended. */
export async function openCountersOf(tx: Tx, meters: readonly CountedMeter[], now: Date): Promise<LimitKey[]> {
  if (meters.length === 0) return [];
  const rows = await querySql<CounterKey>(
    tx,
    `SELECT c.deployment_id::text AS "deploymentId", c.meter, c.limit_window AS window, c.window_start AS from,
            c.window_end AS to, c.aggregation
       FROM jsonb_array_elements($1::text::jsonb) AS a
       JOIN limit_counter c ON (c.deployment_id, c.meter) = ((a->>'deploymentId')::uuid, a->>'meter')
      WHERE c.window_end IS NULL OR c.window_end > $2::text::timestamptz`,
    [JSON.stringify(meters), now.toISOString()],
  );
  return rows.map(({ deploymentId, meter, window, from, to, aggregation }) => ({
    deploymentId,
    meter,
    aggregation,
    window: window === 'level' ? null : window,
    period: to === null ? null : { from, to },
  }));
}
