import { Injectable } from '@nestjs/common';
import type { Period } from '@biplane/billing-calendar';
import { querySql, type Tx } from '@biplane/service-kit';
import { REFUSED_WINDOWS } from './refused-windows.js';
import { IS_EARLY } from './usage.store.js';

/** Which usage a bill asks for. */
export interface WantedUsage {
  readonly deploymentId: string;
  readonly meters: readonly string[];
  readonly period: Period;
}

/** What one meter comes to over a period. */
export interface BilledQuantity {
  readonly meter: string;
  /** A decimal string without trailing zeros. */
  readonly quantity: string;
  /** The highest license version under which any of it was allowed; null when none was held. */
  readonly licenseVersion: number | null;
}

/** A refused window that nobody has decided of. */
export interface RefusedWindow {
  readonly deploymentId: string;
  readonly homeId: string;
  readonly windowStart: Date;
}

/** Hours of a home, by the instants at which they begin. */
export interface CompleteHours {
  readonly whole: ReadonlySet<number>;
  /** Closed before their end, by a home that was put to sleep. */
  readonly early: ReadonlySet<number>;
}

/** Windows of a tenant and when a total of them was last recorded. */
export interface RecordedWindow {
  readonly tenantId: string;
  readonly windowStart: Date;
  readonly recordedAt: Date;
}

/** What bills need of usage, of many deployments with one statement each. */
@Injectable()
export class BilledUsageStore {
  /**
   * Folds the windows of each wanted meter into one figure: `sum` adds, `peak` takes the greatest, `last` the one of the
   * latest window (several homes in that window, as when it moved: the reading that was taken last). By meter; without usage, absent.
   */
  async folded(tx: Tx, wanted: readonly WantedUsage[]): Promise<BilledQuantity[][]> {
    const asked = wanted.flatMap(({ deploymentId, meters, period }, index) =>
      meters.map((meter) => ({ index, deploymentId, meter, period })),
    );
    const found: BilledQuantity[][] = wanted.map(() => []);
    if (asked.length === 0) return found;
    const rows = await querySql<{ index: number; usage: string }>(tx, foldedSql, [
      asked.map(({ index }) => index),
      asked.map(({ deploymentId }) => deploymentId),
      asked.map(({ meter }) => meter),
      asked.map(({ period }) => period.from.toISOString()),
      asked.map(({ period }) => period.to.toISOString()),
    ]);
    for (const { index, usage } of rows) {
      const entries = JSON.parse(usage) as [string, string, number | null][];
      found[index] = entries.map(([meter, quantity, licenseVersion]) => ({ meter, quantity, licenseVersion }));
    }
    return found;
  }

  /** The hours of each home that are complete: a close of them is held, and every close of them (one an incarnation) matches. */
  async completeHours(tx: Tx, homeIds: readonly string[], period: Period): Promise<Map<string, CompleteHours>> {
    if (homeIds.length === 0) return new Map();
    const params = [homeIds, period.from.toISOString(), period.to.toISOString()];
    const rows = await querySql<{ homeId: string; whole: string; early: string }>(tx, completeHoursSql, params);
    const parsed = (hours: string) => new Set(JSON.parse(hours) as number[]);
    return new Map(rows.map(({ homeId, whole, early }) => [homeId, { whole: parsed(whole), early: parsed(early) }]));
  }

  /**
   * Windows of these deployments that a home which serves them reported, that are not counted, that no later revision has
   * replaced, and of which nobody decided. What a stranger reports holds nobody back.
   */
  refused(tx: Tx, deploymentIds: readonly string[], period: Period): Promise<RefusedWindow[]> {
    const params = [deploymentIds, period.from.toISOString(), period.to.toISOString()];
    return querySql<RefusedWindow>(tx, refusedSql, params);
  }

  /** Windows before `before` whose totals were recorded at or after `since`, one entry a tenant in each array. */
  recordedSince(
    tx: Tx,
    wanted: readonly { readonly tenantId: string; readonly before: Date; readonly since: Date }[],
  ): Promise<RecordedWindow[]> {
    return querySql<RecordedWindow>(tx, recordedSql, [
      wanted.map(({ tenantId }) => tenantId),
      wanted.map(({ before }) => before.toISOString()),
      wanted.map(({ since }) => since.toISOString()),
    ]);
  }
}

/** Of several homes' gauges in one window: by the instant of the reading, the greater one of the same instant. */
const LATEST_FIRST = 'w.last_event_at DESC NULLS LAST, w.quantity DESC';

const foldedSql = `
  SELECT g.index::int AS index,
         json_agg(json_build_array(g.meter, trim_scale(coalesce(l.quantity, g.quantity))::text, g.license_version) ORDER BY g.meter)::text AS usage
    FROM (
      SELECT u.index, u.deployment_id, w.meter, max(w.aggregation) AS aggregation, max(w.window_start) AS latest,
             CASE max(w.aggregation) WHEN 'sum' THEN sum(w.quantity) ELSE max(w.quantity) END AS quantity,
             max(w.license_version) AS license_version
        FROM unnest($1::int[], $2::uuid[], $3::text[], $4::timestamptz[], $5::timestamptz[]) AS u(index, deployment_id, meter, from_at, to_at)
        JOIN usage_window w ON w.deployment_id = u.deployment_id AND w.meter = u.meter
                           AND w.window_start >= u.from_at AND w.window_start < u.to_at
       GROUP BY u.index, u.deployment_id, w.meter
    ) g
    LEFT JOIN LATERAL (
      SELECT w.quantity FROM usage_window w
       WHERE g.aggregation = 'last' AND w.deployment_id = g.deployment_id AND w.meter = g.meter AND w.window_start = g.latest
       ORDER BY ${LATEST_FIRST} LIMIT 1
    ) l ON true
   GROUP BY g.index`;

const completeHoursSql = `
  SELECT c.home_id::text AS "homeId", coalesce(json_agg(c.at) FILTER (WHERE NOT c.early), '[]')::text AS whole,
         coalesce(json_agg(c.at) FILTER (WHERE c.early), '[]')::text AS early
    FROM (SELECT home_id, (extract(epoch FROM hour) * 1000)::bigint AS at, ${IS_EARLY} AS early FROM home_close
           WHERE home_id = ANY($1::uuid[]) AND hour >= date_trunc('hour', $2::timestamptz, 'UTC') AND hour < $3::timestamptz
           GROUP BY home_id, hour HAVING bool_and(complete)) c
   GROUP BY c.home_id`;

const refusedSql = `
  SELECT DISTINCT record->>'deploymentId' AS "deploymentId", record->>'homeId' AS "homeId",
         (record->>'windowStart')::timestamptz AS "windowStart"
    FROM ${REFUSED_WINDOWS}`;

const recordedSql = `
  SELECT u.tenant_id::text AS "tenantId", m.window_start AS "windowStart", max(m.recorded_at) AS "recordedAt"
    FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[]) AS u(tenant_id, before_at, since_at)
    JOIN tenant_usage_metric m ON m.tenant_id = u.tenant_id AND m.recorded_at >= u.since_at AND m.window_start < u.before_at
   GROUP BY 1, 2 ORDER BY 1, 2`;
