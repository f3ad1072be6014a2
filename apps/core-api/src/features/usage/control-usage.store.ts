import { Injectable } from '@nestjs/common';
import type { MeterAggregation } from '@biplane/licensing';
import { EventStore, type HashedReading, type TakenEvents } from '@biplane/metering';
import { executeSql, querySql, type Tx } from '@biplane/service-kit';
import { CONTROL_HOME, CONTROL_INCARNATION } from './control-home.js';

/** A window of the control plane, by what names it. */
export interface ClosedWindow {
  readonly deploymentId: string;
  readonly meter: string;
  readonly windowStart: Date;
  readonly aggregation: MeterAggregation;
}

/** What its close, or late usage, made part of the history. */
export interface RecordedTotal extends Omit<ClosedWindow, 'aggregation'> {
  readonly tenantId: string;
  readonly windowEnd: Date;
  readonly revision: number;
  readonly quantity: string;
}

// How a window takes more: as a home's does. A sum adds, a peak keeps the greatest, a gauge the reading of the latest
// instant (of one and the same instant the greater). All three give the same whatever the order of arrival.
const events = new EventStore(`
  INSERT INTO usage_window AS held (deployment_id, meter, window_start, home_id, incarnation, window_end, hour, aggregation,
                                    revision, quantity, closed, license_version, received_at, last_event_at)
  SELECT deployment_id, meter, window_start, $15::text::uuid, $16::int, window_end, date_trunc('hour', window_start, 'UTC'),
         aggregation, 1, quantity, false, license_version, $1::text::timestamptz, last_event_at
    FROM addition ORDER BY window_no
  ON CONFLICT (deployment_id, meter, window_start, home_id, incarnation) DO UPDATE SET
    quantity = CASE held.aggregation
      WHEN 'sum' THEN held.quantity + excluded.quantity
      WHEN 'peak' THEN greatest(held.quantity, excluded.quantity)
      ELSE CASE WHEN (excluded.last_event_at, excluded.quantity) > (held.last_event_at, held.quantity)
                THEN excluded.quantity ELSE held.quantity END END,
    last_event_at = greatest(held.last_event_at, excluded.last_event_at),
    license_version = greatest(held.license_version, excluded.license_version),
    received_at = excluded.received_at,
    revision = held.revision + 1`);

const RECORDED = `RETURNING tenant_id::text AS "tenantId", deployment_id::text AS "deploymentId", meter,
  window_start AS "windowStart", window_end AS "windowEnd", revision::float8 AS revision, trim_scale(quantity)::text AS quantity`;

/** What core-api counts itself: keys and log as a home keeps them, windows beside those of the homes. */
@Injectable()
export class ControlUsageStore {
  /** Writes those of the events that no one wrote before, and adds them to their windows. */
  take(tx: Tx, readings: readonly HashedReading[], now: Date): Promise<TakenEvents> {
    return events.take(tx, readings, now, [CONTROL_HOME, CONTROL_INCARNATION]);
  }

  /** Held until the end of the transaction, if it is there: whoever counts locks windows before counters. */
  async lockWindow(tx: Tx, deploymentId: string, meter: string, windowStart: Date): Promise<void> {
    await querySql(
      tx,
      `SELECT 1 AS locked FROM usage_window
        WHERE deployment_id = $1::uuid AND meter = $2 AND window_start = $3::timestamptz
          AND home_id = $4::uuid AND incarnation = $5::int FOR UPDATE`,
      [deploymentId, meter, windowStart.toISOString(), CONTROL_HOME, CONTROL_INCARNATION],
    );
  }

  /** Adds to the history the present totals of those of the windows that are closed: one row a revision. */
  recordClosed(
    tx: Tx,
    windows: readonly (ClosedWindow & { readonly tenantId: string; readonly id: string })[],
    now: Date,
  ): Promise<RecordedTotal[]> {
    return querySql(
      tx,
      `INSERT INTO tenant_usage_metric (id, tenant_id, deployment_id, meter, window_start, window_end, home_id, incarnation,
                                        revision, quantity, license_version, recorded_at)
       SELECT u.id, u.tenant_id, w.deployment_id, w.meter, w.window_start, w.window_end, w.home_id, w.incarnation,
              w.revision, w.quantity, w.license_version, $6::timestamptz
         FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::timestamptz[]) AS u(id, tenant_id, deployment_id, meter, window_start)
         JOIN usage_window w ON (w.deployment_id, w.meter, w.window_start) = (u.deployment_id, u.meter, u.window_start)
        WHERE w.home_id = $7::uuid AND w.closed
       ${RECORDED}`,
      [
        windows.map(({ id }) => id),
        windows.map(({ tenantId }) => tenantId),
        windows.map(({ deploymentId }) => deploymentId),
        windows.map(({ meter }) => meter),
        windows.map(({ windowStart }) => windowStart.toISOString()),
        now.toISOString(),
        CONTROL_HOME,
      ],
    );
  }

  /** Windows that ended before `endedBefore` and are still open, locked; those that another replica closes are left to it. */
  lockOpen(tx: Tx, endedBefore: Date, take: number): Promise<ClosedWindow[]> {
    return querySql(
      tx,
      `SELECT deployment_id::text AS "deploymentId", meter, window_start AS "windowStart", aggregation FROM usage_window
        WHERE home_id = '00000000-0000-0000-0000-000000000000' AND NOT closed AND window_end <= $1::timestamptz
        ORDER BY deployment_id, meter, window_start LIMIT $2::int FOR UPDATE SKIP LOCKED`,
      [endedBefore.toISOString(), take],
    );
  }

  async markClosed(tx: Tx, windows: readonly ClosedWindow[]): Promise<void> {
    await executeSql(
      tx,
      `UPDATE usage_window w SET closed = true
         FROM unnest($1::uuid[], $2::text[], $3::timestamptz[]) AS u(deployment_id, meter, window_start)
        WHERE (w.deployment_id, w.meter, w.window_start) = (u.deployment_id, u.meter, u.window_start) AND w.home_id = $4::uuid`,
      [
        windows.map(({ deploymentId }) => deploymentId),
        windows.map(({ meter }) => meter),
        windows.map(({ windowStart }) => windowStart.toISOString()),
        CONTROL_HOME,
      ],
    );
  }
}
