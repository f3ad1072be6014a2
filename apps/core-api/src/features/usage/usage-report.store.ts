import { Injectable } from '@nestjs/common';
import { querySql, type Tx } from '@biplane/service-kit';
import type { Period } from '@biplane/billing-calendar';
import type { Aggregation } from './domain/window.js';

export type UsageGroup = 'meter' | 'region' | 'hour' | 'day';

export interface UsageQuestion {
  readonly period: Period;
  readonly timeZone: string;
  readonly groupBy: UsageGroup;
  readonly meter?: string | undefined;
  /** Whose usage, and where each runs. */
  readonly deployments: readonly { readonly id: string; readonly region: string }[];
}

/** What one meter comes to in one group: `bucket` is a region, an instant, or a day. */
export interface UsageTotal {
  readonly bucket: string;
  readonly meter: string;
  readonly aggregation: Aggregation;
  readonly quantity: string;
  readonly windows: number;
  /** When the newest of its windows was received. */
  readonly asOf: Date;
}

/** A total with the stretch of time that it is of. */
export interface UsageRow extends UsageTotal {
  readonly period: Period;
}

/** A window belongs to the hour and to the day in which it begins. */
const BUCKET: Readonly<Record<UsageGroup, string>> = {
  meter: `''`,
  region: 'd.region',
  hour: `to_char(w.hour AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS".000Z"')`,
  day: `to_char(w.window_start AT TIME ZONE $5, 'YYYY-MM-DD')`,
};

/** Reads what was metered, grouped. Quantities stay decimals of the database. */
@Injectable()
export class UsageReportStore {
  /**
   * Of each deployment a sum adds, a peak is the greatest and a gauge that of the latest window (several homes in
   * it: the reading that was taken last), as on a bill; over deployments totals are added, for each is metered by itself.
   */
  totals(
    tx: Tx,
    { period, timeZone, groupBy, meter, deployments }: UsageQuestion,
    after: { readonly bucket: string; readonly meter: string } | null,
    take: number,
  ): Promise<UsageTotal[]> {
    return querySql<UsageTotal>(
      tx,
      `WITH w AS (
         SELECT ${BUCKET[groupBy]} AS bucket, w.deployment_id, w.meter, w.aggregation, w.window_start, w.quantity, w.received_at,
                w.last_event_at
           FROM unnest($1::uuid[], $2::text[]) AS d(id, region) JOIN usage_window w ON w.deployment_id = d.id
          WHERE w.window_start >= $3::timestamptz AND w.window_start < $4::timestamptz
            AND $5::text IS NOT NULL AND ($6::text IS NULL OR w.meter = $6)
       ), own AS (
         SELECT bucket, meter, aggregation, count(*) AS windows, max(received_at) AS as_of,
                CASE aggregation WHEN 'sum' THEN sum(quantity) WHEN 'peak' THEN max(quantity)
                  ELSE (array_agg(quantity ORDER BY window_start DESC, last_event_at DESC NULLS LAST, quantity DESC))[1] END AS quantity
           FROM w
          GROUP BY bucket, deployment_id, meter, aggregation
       )
       SELECT bucket, meter, aggregation, trim_scale(sum(quantity))::text AS quantity, sum(windows)::int AS windows,
              max(as_of) AS "asOf"
         FROM own WHERE $7::text IS NULL OR (bucket COLLATE "C", meter COLLATE "C") > ($7, $8)
        GROUP BY bucket, meter, aggregation ORDER BY bucket COLLATE "C", meter COLLATE "C" LIMIT $9::int`,
      [
        deployments.map(({ id }) => id),
        deployments.map(({ region }) => region),
        period.from.toISOString(),
        period.to.toISOString(),
        timeZone,
        meter ?? null,
        after?.bucket ?? null,
        after?.meter ?? null,
        take,
      ],
    );
  }
}
