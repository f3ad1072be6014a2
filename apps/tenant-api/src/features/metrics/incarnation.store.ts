import { executeSql, querySql, type Tx } from '@biplane/service-kit';

export interface Incarnation {
  readonly incarnation: number;
  /** Windows of the one before that the backup held. */
  readonly windows: number;
}

/** Late usage older than this is refused. */
const LATE = "interval '36 days'";

/**
 * For a home database that came out of a backup. core-api holds what the incarnation before counted, up to the end and beyond this
 * backup; so the new one counts from nothing, and sends only what it accepts itself. For the limits what was counted before still counts:
 * it is carried, as the usage of another home is. The hours that late usage may still reach are closed anew. The keys of events stay, so
 * that one which was accepted before the backup is not accepted again.
 *
 * As the owner of the tables, while no service runs on them. Undefined when this home has never counted.
 */
export async function beginIncarnation(tx: Tx, homeId: string, at: Date): Promise<Incarnation | undefined> {
  await executeSql(tx, 'LOCK TABLE usage_window, usage_event, usage_call, hour_close IN EXCLUSIVE MODE');
  const [state] = await querySql<{ incarnation: number }>(
    tx,
    'SELECT incarnation FROM home_state WHERE home_id = $1::uuid FOR UPDATE',
    [homeId],
  );
  if (!state) return undefined;
  await carryUsage(tx, homeId, state.incarnation);
  const windows = await executeSql(
    tx,
    `INSERT INTO usage_window_before (incarnation, deployment_id, meter, window_start, aggregation, quantity, revision, license_version)
     SELECT $1::int, deployment_id, meter, window_start, aggregation, quantity, revision, license_version FROM usage_window`,
    [state.incarnation],
  );
  for (const table of ['usage_window', 'usage_event', 'usage_call', 'hour_close']) {
    await executeSql(tx, `DELETE FROM ${table}`);
  }
  await executeSql(
    tx,
    `UPDATE home_state
        SET incarnation = incarnation + 1, usage_sent_at = NULL, reconcile_due_at = NULL,
            first_hour = greatest(first_hour, date_trunc('hour', closed_through - ${LATE}, 'UTC')),
            closed_through = greatest(first_hour, date_trunc('hour', closed_through - ${LATE}, 'UTC'))
      WHERE home_id = $1::uuid`,
    [homeId],
  );
  const incarnation = state.incarnation + 1;
  await executeSql(tx, 'INSERT INTO home_incarnation VALUES ($1::int, $2::text::timestamptz, $3::int)', [
    incarnation,
    at.toISOString(),
    windows,
  ]);
  return { incarnation, windows };
}

// A reading belongs to the quarter of an hour in which it was taken: no local day begins within one. Each incarnation is a source of its
// own, named by a UUID that its home and number give.
async function carryUsage(tx: Tx, homeId: string, incarnation: number): Promise<void> {
  await executeSql(
    tx,
    `INSERT INTO usage_carried (deployment_id, meter, quarter, home_id, aggregation, quantity, last_at)
     SELECT w.deployment_id, w.meter, date_bin('15 minutes', r.at, timestamptz 'epoch'), md5($1 || ':' || $2)::uuid, w.aggregation,
            CASE w.aggregation WHEN 'sum' THEN sum(r.quantity) WHEN 'peak' THEN max(r.quantity)
              ELSE (array_agg(r.quantity ORDER BY r.at DESC, r.quantity DESC))[1] END,
            max(r.at)
       FROM (SELECT deployment_id, meter, window_start, quantity, occurred_at AS at FROM usage_event
             UNION ALL
             SELECT deployment_id, meter, window_start, quantity, counted_at FROM usage_call) r
       JOIN usage_window w USING (deployment_id, meter, window_start)
      GROUP BY w.deployment_id, w.meter, 3, w.aggregation`,
    [homeId, String(incarnation)],
  );
}
