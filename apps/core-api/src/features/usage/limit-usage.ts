import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { MeterAggregation } from '@biplane/licensing';
import type { LimitKey } from '@biplane/limits';
import { querySql, type Tx } from '@biplane/service-kit';
import { LimitEngine, type LimitUsage } from '../limits/index.js';
import { CONTROL_HOME } from './control-home.js';

/** The totals that limits are decided by: sums and peaks of a window, the newest reading of a level. */
@Injectable()
export class LimitUsageStore implements LimitUsage, OnModuleInit {
  constructor(private readonly limits: LimitEngine) {}

  onModuleInit(): void {
    this.limits.usageFrom(this);
  }

  /** Of a meter that core-api counts: exact in every zone, though a day may begin within a window. */
  async used(tx: Tx, key: LimitKey, aggregation: MeterAggregation): Promise<string> {
    const { deploymentId, meter, period } = key;
    if (period === null || aggregation === 'last') return (await this.total(tx, key, aggregation)).used;
    const values = [deploymentId, meter, period.from.toISOString(), period.to.toISOString()];
    const [row] = await querySql<{ used: string }>(tx, EXACT[aggregation], values);
    return row?.used ?? '0';
  }

  /** Nothing told is nothing used: homes send no window in which nothing happened. */
  async lastKnown(tx: Tx, key: LimitKey): Promise<{ used: string; asOf: Date }> {
    const { used, asOf } = await this.total(tx, key, key.aggregation);
    return { used, asOf: asOf ?? key.period?.from ?? new Date(0) };
  }

  private async total(
    tx: Tx,
    key: LimitKey,
    aggregation: MeterAggregation,
  ): Promise<{ used: string; asOf: Date | null }> {
    const { deploymentId, meter, period } = key;
    const isLevel = aggregation === 'last' || (aggregation === 'peak' && period === null);
    const values = [deploymentId, meter, period?.from.toISOString() ?? null, period?.to.toISOString() ?? null];
    const [row] = await querySql<{ used: string; asOf: Date | null }>(tx, isLevel ? LEVEL : TOTAL[aggregation], values);
    return row ?? { used: '0', asOf: null };
  }
}

const WINDOWS = `FROM usage_window WHERE deployment_id = $1::text::uuid AND meter = $2::text
  AND ($4::text IS NULL OR window_start < $4::text::timestamptz)`;
const IN_PERIOD = `${WINDOWS} AND ($3::text IS NULL OR window_start >= $3::text::timestamptz)`;

const totalOf = (aggregate: string): string =>
  `SELECT trim_scale(coalesce(${aggregate}, 0))::text AS used, max(received_at) AS "asOf" ${IN_PERIOD}`;

// Whole windows, and event by event where the period begins or ends within one.
const exactly = (aggregate: string): string => `
  WITH reading AS (
    SELECT quantity FROM usage_window
     WHERE deployment_id = $1::text::uuid AND meter = $2::text
       AND window_start >= $3::text::timestamptz AND window_end <= $4::text::timestamptz
    UNION ALL
    SELECT e.quantity FROM usage_window w JOIN usage_event e USING (deployment_id, meter, window_start)
     WHERE w.deployment_id = $1::text::uuid AND w.meter = $2::text AND w.home_id = '${CONTROL_HOME}'
       AND ((w.window_start < $3::text::timestamptz AND w.window_end > $3::text::timestamptz)
         OR (w.window_start < $4::text::timestamptz AND w.window_end > $4::text::timestamptz))
       AND e.occurred_at >= $3::text::timestamptz AND e.occurred_at < $4::text::timestamptz
  ) SELECT trim_scale(coalesce(${aggregate}, 0))::text AS used FROM reading`;

const EXACT = { sum: exactly('sum(quantity)'), peak: exactly('max(quantity)') } as const;

const TOTAL = {
  sum: totalOf('sum(quantity)'),
  peak: totalOf('max(quantity)'),
  last: totalOf('max(quantity)'),
} as const;

// A level stays what it was last, however long ago that was told. $3 is not read, but has to have a type.
const LEVEL = `SELECT trim_scale(quantity)::text AS used, received_at AS "asOf" ${WINDOWS} AND ($3::text IS NULL OR true)
  ORDER BY window_start DESC, last_event_at DESC NULLS LAST, incarnation DESC, received_at DESC LIMIT 1`;
