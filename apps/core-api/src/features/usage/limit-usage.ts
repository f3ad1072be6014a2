import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { MeterAggregation } from '@biplane/licensing';
import type { LimitKey } from '@biplane/limits';
import { querySql, type Tx } from '@biplane/service-kit';
import { LimitEngine, type LimitUsage } from '../limits/index.js';

/** The totals that limits are decided by: sums and peaks of a window, the newest reading of a level. */
@Injectable()
export class LimitUsageStore implements LimitUsage, OnModuleInit {
  constructor(private readonly limits: LimitEngine) {}

  onModuleInit(): void {
    this.limits.usageFrom(this);
  }

  async used(tx: Tx, key: LimitKey, aggregation: MeterAggregation): Promise<string> {
    return (await this.total(tx, key, aggregation)).used;
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

const TOTAL = {
  sum: totalOf('sum(quantity)'),
  peak: totalOf('max(quantity)'),
  last: totalOf('max(quantity)'),
} as const;

// A level stays what it was last, however long ago that was told. $3 is not read, but has to have a type.
const LEVEL = `SELECT trim_scale(quantity)::text AS used, received_at AS "asOf" ${WINDOWS} AND ($3::text IS NULL OR true)
  ORDER BY window_start DESC, incarnation DESC, received_at DESC LIMIT 1`;
