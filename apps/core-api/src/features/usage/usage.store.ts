import { Injectable } from '@nestjs/common';
import type { Period } from '@biplane/billing-calendar';
import type { DeploymentId, HomeId, MeterCode, RegionCode } from '@biplane/kernel';
import { executeSql, querySql, type Tx } from '@biplane/service-kit';
import type { UsageWindowTotal } from './domain/window.js';
import { REFUSED_WINDOWS } from './refused-windows.js';

/** The hours of one incarnation of one home: what a HomeClose speaks of. */
export interface HomeHour {
  readonly homeId: HomeId;
  readonly incarnation: number;
  readonly hour: Date;
}

/** A home's close of one hour, as it was received. */
export interface HomeCloseRow extends HomeHour {
  readonly region: RegionCode;
  readonly revision: number;
  readonly windows: number;
  readonly digest: string;
  /** When its home said it; null when that is not known. */
  readonly closedAt: Date | null;
}

/** A window that may be counted, with the tenant it belongs to and the hour it lies in. */
export interface CountedWindow extends UsageWindowTotal {
  readonly tenantId: string;
  readonly hour: Date;
}

/** A record that is kept aside. `recordHash` names its content: the same record stands here once. */
export interface QuarantinedRecord {
  readonly id: string;
  readonly region: RegionCode;
  readonly recordType: string;
  readonly recordHash: string;
  readonly reason: string;
  readonly detail: string;
  readonly record: unknown;
}

/** What a home counted in one hour, one line a window: the input of its digest. */
export interface HeldWindow extends HomeHour {
  readonly deploymentId: DeploymentId;
  readonly meter: MeterCode;
  readonly windowStart: Date;
  readonly revision: number;
  readonly quantity: string;
}

export interface CloseStatus {
  readonly homeId: HomeId;
  readonly region: RegionCode;
  readonly hour: Date;
  readonly complete: boolean;
  /** Said before the hour was over, by a home that was put to sleep. */
  readonly isEarly: boolean;
}

/** Of the closes of an hour. Those without an instant were said after its end. */
export const IS_EARLY = `bool_or(closed_at < hour + interval '1 hour') IS TRUE`;

/** Usage in PostgreSQL. Every write is a conditional upsert, harmless when repeated or late. */
@Injectable()
export class UsageStore {
  /**
   * Keeps each window whose revision is higher than the one held, and adds its closed ones to the append-only history,
   * in one statement. `ids` has one id a window. Sorted by key, so that two consumers never wait on each other in a ring.
   */
  async raise(tx: Tx, windows: readonly CountedWindow[], ids: readonly string[], now: Date): Promise<void> {
    const sorted = [...windows].sort((a, b) => compareText(windowOrder(a), windowOrder(b)));
    await executeSql(tx, raiseSql, [
      ids,
      sorted.map((w) => w.tenantId),
      sorted.map((w) => w.deploymentId),
      sorted.map((w) => w.meter),
      sorted.map((w) => w.windowStart.toISOString()),
      sorted.map((w) => w.windowEnd.toISOString()),
      sorted.map((w) => w.hour.toISOString()),
      sorted.map((w) => w.homeId),
      sorted.map((w) => w.incarnation),
      sorted.map((w) => w.aggregation),
      sorted.map((w) => w.revision),
      sorted.map((w) => w.quantity),
      sorted.map((w) => w.closed),
      sorted.map((w) => w.licenseVersion),
      now.toISOString(),
      sorted.map((w) => w.lastAt?.toISOString() ?? null),
    ]);
  }

  /** Keeps each close whose revision is higher than the one held; it counts as incomplete until it is compared. */
  async recordCloses(tx: Tx, closes: readonly HomeCloseRow[], now: Date): Promise<void> {
    await executeSql(
      tx,
      `INSERT INTO home_close AS held (home_id, incarnation, hour, region, revision, windows, digest, closed_at, complete,
         received_at)
       SELECT u.*, false, $9::timestamptz
         FROM unnest($1::uuid[], $2::int[], $3::timestamptz[], $4::text[], $5::bigint[], $6::int[], $7::text[],
                     $8::timestamptz[]) AS u
        ORDER BY 1, 2, 3
       ON CONFLICT (home_id, incarnation, hour) DO UPDATE
         SET revision = excluded.revision, windows = excluded.windows, digest = excluded.digest,
             closed_at = excluded.closed_at, complete = false, received_at = excluded.received_at
       WHERE excluded.revision > held.revision`,
      [
        closes.map((c) => c.homeId),
        closes.map((c) => c.incarnation),
        closes.map((c) => c.hour.toISOString()),
        closes.map((c) => c.region),
        closes.map((c) => c.revision),
        closes.map((c) => c.windows),
        closes.map((c) => c.digest),
        closes.map((c) => c.closedAt?.toISOString() ?? null),
        now.toISOString(),
      ],
    );
  }

  /** The closes of these hours, locked: whoever compares an hour does so alone. */
  lockCloses(tx: Tx, hours: readonly HomeHour[]): Promise<HomeCloseRow[]> {
    return querySql<HomeCloseRow>(
      tx,
      `SELECT c.home_id AS "homeId", c.incarnation, c.hour, c.region, c.revision::float8 AS revision, c.windows, c.digest,
              c.closed_at AS "closedAt"
         FROM home_close c JOIN ${hoursSql} ON (c.home_id, c.incarnation, c.hour) = (u.home_id, u.incarnation, u.hour)
        ORDER BY c.home_id, c.incarnation, c.hour FOR UPDATE OF c`,
      hourColumns(hours),
    );
  }

  /**
   * Everything held of these hours, one row a window: what counts, and what stands in quarantine. Otherwise one window
   * of one tenant that breaks a rule would keep every tenant of its home waiting.
   */
  windowsOfHours(tx: Tx, hours: readonly HomeHour[]): Promise<HeldWindow[]> {
    return querySql<HeldWindow>(
      tx,
      `SELECT DISTINCT ON (u.home_id, u.incarnation, u.hour, w.deployment_id, w.meter, w.window_start)
              u.home_id AS "homeId", u.incarnation, u.hour, w.deployment_id AS "deploymentId", w.meter,
              w.window_start AS "windowStart", w.revision::float8 AS revision, w.quantity
         FROM ${hoursSql} CROSS JOIN LATERAL (
           SELECT deployment_id, meter, window_start, revision, trim_scale(quantity)::text AS quantity FROM usage_window
            WHERE (home_id, incarnation, hour) = (u.home_id, u.incarnation, u.hour)
           UNION ALL
           SELECT (record->>'deploymentId')::uuid, record->>'meter', (record->>'windowStart')::timestamptz,
                  (record->>'revision')::bigint, record->>'quantity' FROM usage_quarantine
            WHERE record_type = 'UsageWindow' AND record->>'homeId' = u.home_id::text
              AND region = (SELECT region FROM home_close c
                             WHERE (c.home_id, c.incarnation, c.hour) = (u.home_id, u.incarnation, u.hour))
              AND (record->>'incarnation')::bigint = u.incarnation
              AND date_trunc('hour', (record->>'windowStart')::timestamptz, 'UTC') = u.hour
         ) AS w
        ORDER BY u.home_id, u.incarnation, u.hour, w.deployment_id, w.meter, w.window_start, w.revision DESC`,
      hourColumns(hours),
    );
  }

  /** Says of each hour whether what is held equals what its home closed. */
  async markCompleteness(tx: Tx, hours: readonly (HomeHour & { readonly complete: boolean })[]): Promise<void> {
    await executeSql(
      tx,
      `UPDATE home_close c SET complete = u.complete
         FROM unnest($1::uuid[], $2::int[], $3::timestamptz[], $4::boolean[]) AS u(home_id, incarnation, hour, complete)
        WHERE (c.home_id, c.incarnation, c.hour) = (u.home_id, u.incarnation, u.hour) AND c.complete <> u.complete`,
      [...hourColumns(hours), hours.map((h) => h.complete)],
    );
  }

  async quarantine(tx: Tx, records: readonly QuarantinedRecord[], now: Date): Promise<void> {
    for (const entry of records) {
      await executeSql(
        tx,
        `INSERT INTO usage_quarantine (id, region, record_type, record_hash, reason, detail, record, received_at)
         VALUES ($1::uuid, $2, $3, $4, $5, $6, $7::jsonb, $8::timestamptz) ON CONFLICT (record_hash) DO NOTHING`,
        [
          entry.id,
          entry.region,
          entry.recordType,
          entry.recordHash,
          entry.reason,
          entry.detail,
          JSON.stringify(entry.record),
          now.toISOString(),
        ],
      );
    }
  }

  /**
   * Hours in which a home that serves one of these deployments reported a window of it that is not counted, that no later
   * revision has replaced, and of which nobody decided. What a stranger reports holds nobody back.
   */
  quarantinedHours(
    tx: Tx,
    deploymentIds: readonly string[],
    period: Period,
  ): Promise<{ homeId: string; hour: Date }[]> {
    return querySql(
      tx,
      `SELECT DISTINCT record->>'homeId' AS "homeId", date_trunc('hour', (record->>'windowStart')::timestamptz, 'UTC') AS hour
         FROM ${REFUSED_WINDOWS}
        ORDER BY 2, 1`,
      [deploymentIds, period.from.toISOString(), period.to.toISOString()],
    );
  }

  /** An hour of a home is complete when a close of it is held, and every close of it (one an incarnation) matches. */
  closesBetween(tx: Tx, homeIds: readonly string[], period: Period): Promise<CloseStatus[]> {
    return querySql<CloseStatus>(
      tx,
      `SELECT home_id AS "homeId", region, hour, bool_and(complete) AS complete, ${IS_EARLY} AS "isEarly" FROM home_close
        WHERE home_id = ANY($1::uuid[]) AND hour >= date_trunc('hour', $2::timestamptz, 'UTC') AND hour < $3::timestamptz
        GROUP BY home_id, region, hour`,
      [homeIds, period.from.toISOString(), period.to.toISOString()],
    );
  }
}

const raiseSql = `
  WITH incoming AS (
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::timestamptz[],
                         $8::uuid[], $9::int[], $10::text[], $11::bigint[], $12::numeric[], $13::boolean[], $14::int[],
                         $16::timestamptz[])
      AS u(id, tenant_id, deployment_id, meter, window_start, window_end, hour,
           home_id, incarnation, aggregation, revision, quantity, closed, license_version, last_event_at)
  ), raised AS (
    INSERT INTO usage_window AS held (deployment_id, meter, window_start, home_id, incarnation, window_end, hour,
                                      aggregation, revision, quantity, closed, license_version, received_at,
                                      last_event_at)
    SELECT deployment_id, meter, window_start, home_id, incarnation, window_end, hour,
           aggregation, revision, quantity, closed, license_version, $15::timestamptz, last_event_at
      FROM incoming
    ON CONFLICT (deployment_id, meter, window_start, home_id, incarnation) DO UPDATE
      SET revision = excluded.revision, quantity = excluded.quantity, closed = excluded.closed OR held.closed,
          license_version = excluded.license_version, received_at = excluded.received_at,
          last_event_at = excluded.last_event_at
    WHERE excluded.revision > held.revision
    RETURNING deployment_id, meter, window_start, home_id, incarnation, revision, closed
  )
  INSERT INTO tenant_usage_metric (id, tenant_id, deployment_id, meter, window_start, window_end, home_id, incarnation,
                                   revision, quantity, license_version, recorded_at)
  SELECT i.id, i.tenant_id, i.deployment_id, i.meter, i.window_start, i.window_end, i.home_id, i.incarnation,
         i.revision, i.quantity, i.license_version, $15::timestamptz
    FROM incoming i JOIN raised r USING (deployment_id, meter, window_start, home_id, incarnation, revision)
   WHERE r.closed
  ON CONFLICT (deployment_id, meter, window_start, home_id, incarnation, revision) DO NOTHING`;

const hoursSql = `unnest($1::uuid[], $2::int[], $3::timestamptz[]) AS u(home_id, incarnation, hour)`;

function hourColumns(hours: readonly HomeHour[]): unknown[] {
  return [hours.map((h) => h.homeId), hours.map((h) => h.incarnation), hours.map((h) => h.hour.toISOString())];
}

function windowOrder(w: UsageWindowTotal): string {
  return `${w.deploymentId}|${w.meter}|${w.windowStart.toISOString()}|${w.homeId}|${w.incarnation}`;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
