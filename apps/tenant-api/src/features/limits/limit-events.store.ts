import { executeSql, querySql, type Tx } from '@biplane/service-kit';

export type LimitEventKind = 'warned' | 'denied' | 'delayed' | 'overage';

/** What happened at one limit within one minute. */
export interface LimitHappening {
  readonly deploymentId: string;
  readonly module: string;
  readonly meter: string;
  readonly kind: LimitEventKind;
  /** The share of the cap that was passed; null when it is not about a share. */
  readonly threshold: string | null;
  readonly used: string;
  readonly cap: string;
  readonly licenseVersion: number;
  readonly count: number;
  readonly firstAt: Date;
  readonly lastAt: Date;
}

export interface StoredLimitEvent extends LimitHappening {
  readonly id: string;
}

const MINUTE_MS = 60_000;

export const minuteOf = (at: Date): Date => new Date(Math.floor(at.getTime() / MINUTE_MS) * MINUTE_MS);

/** Folds into the row of the minute, whichever replica saw it; `newId` names a row that is not there yet. */
export async function foldEvents(tx: Tx, happenings: readonly LimitHappening[], newId: () => string): Promise<void> {
  await executeSql(
    tx,
    `INSERT INTO limit_event AS held (id, deployment_id, module, meter, kind, threshold, minute, used, cap, license_version,
                                      count, first_at, last_at, sent_count)
     SELECT (e->>'id')::uuid, (e->>'deploymentId')::uuid, e->>'module', e->>'meter', e->>'kind', coalesce(e->>'threshold', ''),
            (e->>'minute')::timestamptz, (e->>'used')::numeric, (e->>'cap')::numeric, (e->>'licenseVersion')::int,
            (e->>'count')::int, (e->>'firstAt')::timestamptz, (e->>'lastAt')::timestamptz, 0
       FROM jsonb_array_elements($1::text::jsonb) AS e
      ORDER BY e->>'deploymentId', e->>'module', e->>'meter', e->>'kind', e->>'threshold', e->>'minute'
     ON CONFLICT (deployment_id, module, meter, kind, threshold, minute) DO UPDATE
       SET count = held.count + excluded.count,
           used = greatest(held.used, excluded.used),
           cap = CASE WHEN excluded.license_version >= held.license_version THEN excluded.cap ELSE held.cap END,
           license_version = greatest(held.license_version, excluded.license_version),
           first_at = least(held.first_at, excluded.first_at),
           last_at = greatest(held.last_at, excluded.last_at)`,
    [JSON.stringify(happenings.map((one) => ({ ...one, id: newId(), minute: minuteOf(one.firstAt) })))],
  );
}

/** Those that were never sent, and those whose count has risen since they were, a minute ago or more; marked as sent. */
export function takeDue(tx: Tx, now: Date, max: number): Promise<StoredLimitEvent[]> {
  return querySql<StoredLimitEvent>(
    tx,
    `WITH due AS (
       SELECT id FROM limit_event
        WHERE sent_count < count
          AND (sent_at IS NULL OR sent_at > $1::text::timestamptz OR sent_at <= $1::text::timestamptz - interval '1 minute')
        ORDER BY minute LIMIT $2::int FOR UPDATE SKIP LOCKED
     )
     UPDATE limit_event e SET sent_count = e.count, sent_at = $1::text::timestamptz FROM due WHERE e.id = due.id
     RETURNING e.id::text AS id, e.deployment_id::text AS "deploymentId", e.module, e.meter, e.kind,
               nullif(e.threshold, '') AS threshold, trim_scale(e.used)::text AS used, trim_scale(e.cap)::text AS cap,
               e.license_version AS "licenseVersion", e.count, e.first_at AS "firstAt", e.last_at AS "lastAt"`,
    [now.toISOString(), max],
  );
}
