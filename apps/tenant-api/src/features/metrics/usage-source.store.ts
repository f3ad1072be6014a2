import type { LimitKey, UsageSource } from '@biplane/limits';
import type { MeterAggregation } from '@biplane/licensing';
import { querySql, type Tx } from '@biplane/service-kit';

// A period is made of whole windows, but where its day begins or ends within one: those are taken from the log, event by
// event. So a day is exact in every zone. What other homes counted before is known by the quarter, in which no day begins.
const READINGS = `
  WITH whole AS (
    SELECT quantity, last_event_at AS at FROM usage_window
     WHERE deployment_id = $1::uuid AND meter = $2
       AND window_start >= $3::text::timestamptz AND window_end <= $4::text::timestamptz
  ), cut AS MATERIALIZED (
    SELECT window_start FROM usage_window
     WHERE deployment_id = $1::uuid AND meter = $2
       AND ((window_start < $3::text::timestamptz AND window_end > $3::text::timestamptz)
         OR (window_start < $4::text::timestamptz AND window_end > $4::text::timestamptz))
  ), reading AS (
    SELECT quantity, at FROM whole
    UNION ALL
    SELECT e.quantity, e.occurred_at FROM usage_event e JOIN cut USING (window_start)
     WHERE e.deployment_id = $1::uuid AND e.meter = $2
       AND e.occurred_at >= $3::text::timestamptz AND e.occurred_at < $4::text::timestamptz
    UNION ALL
    SELECT c.quantity, c.counted_at FROM usage_call c JOIN cut USING (window_start)
     WHERE c.deployment_id = $1::uuid AND c.meter = $2
       AND c.counted_at >= $3::text::timestamptz AND c.counted_at < $4::text::timestamptz
    UNION ALL
    SELECT quantity, last_at FROM usage_carried
     WHERE deployment_id = $1::uuid AND meter = $2
       AND quarter >= $3::text::timestamptz AND quarter < $4::text::timestamptz
  )`;

const COMBINED: Readonly<Record<MeterAggregation, string>> = {
  sum: 'sum(quantity)',
  peak: 'max(quantity)',
  last: '(array_agg(quantity ORDER BY at DESC, quantity DESC))[1]',
};

/** What was counted for a limit, here and by homes before: windows, combined as the meter's readings combine. */
export const windowUsage: UsageSource = {
  async used(tx: Tx, { deploymentId, meter, period }: LimitKey, aggregation: MeterAggregation): Promise<string> {
    const [row] = await querySql<{ total: string }>(
      tx,
      `${READINGS} SELECT trim_scale(coalesce(${COMBINED[aggregation]}, 0))::text AS total FROM reading`,
      [deploymentId, meter, period?.from.toISOString() ?? '-infinity', period?.to.toISOString() ?? 'infinity'],
    );
    return row?.total ?? '0';
  },
};
