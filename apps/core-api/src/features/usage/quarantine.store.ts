import { Injectable } from '@nestjs/common';
import type { RegionCode } from '@biplane/kernel';
import { executeSql, querySql, type Tx } from '@biplane/service-kit';
import type { UsageWindowTotal } from './domain/window.js';

export type Resolution = 'released' | 'discarded';

/** A record that broke a rule, and what was decided of it. */
export interface QuarantineRow {
  readonly id: string;
  readonly region: RegionCode;
  readonly recordType: string;
  readonly reason: string;
  readonly detail: string;
  readonly record: Readonly<Record<string, unknown>>;
  readonly receivedAt: Date;
  readonly resolution: Resolution | null;
  readonly resolvedAt: Date | null;
  readonly resolvedBy: string | null;
  readonly resolvedBecause: string | null;
  readonly counted: boolean | null;
}

export interface QuarantineFilter {
  readonly reason?: string | undefined;
  readonly region?: string | undefined;
  readonly type?: string | undefined;
  readonly state?: 'open' | Resolution | undefined;
  /** Of one deployment, or of those of one tenant. */
  readonly deploymentIds?: readonly string[] | undefined;
}

/** Where a page of the list ended: the next one begins behind it. Newest first. */
export interface QuarantinePosition {
  readonly receivedAt: Date;
  readonly id: string;
}

const COLUMNS = `id::text AS id, region, record_type AS "recordType", reason, detail, record, received_at AS "receivedAt",
  resolution, resolved_at AS "resolvedAt", resolved_by AS "resolvedBy", resolved_because AS "resolvedBecause", counted`;

/** Records that stand aside. They are marked by what was decided, and never deleted by it. */
@Injectable()
export class QuarantineStore {
  list(tx: Tx, filter: QuarantineFilter, after: QuarantinePosition | null, take: number): Promise<QuarantineRow[]> {
    return querySql<QuarantineRow>(
      tx,
      `SELECT ${COLUMNS} FROM usage_quarantine
        WHERE ($1::text IS NULL OR reason = $1) AND ($2::text IS NULL OR region = $2)
          AND ($3::text IS NULL OR record_type = $3) AND ($4::text IS NULL OR coalesce(resolution, 'open') = $4)
          AND ($5::text[] IS NULL OR record->>'deploymentId' = ANY($5::text[]))
          AND ($6::timestamptz IS NULL OR (received_at, id) < ($6::timestamptz, $7::uuid))
        ORDER BY received_at DESC, id DESC LIMIT $8::int`,
      [
        filter.reason ?? null,
        filter.region ?? null,
        filter.type ?? null,
        filter.state ?? null,
        filter.deploymentIds ?? null,
        after?.receivedAt.toISOString() ?? null,
        after?.id ?? null,
        take,
      ],
    );
  }

  async find(tx: Tx, id: string): Promise<QuarantineRow | null> {
    const rows = await querySql<QuarantineRow>(tx, `SELECT ${COLUMNS} FROM usage_quarantine WHERE id = $1::uuid`, [id]);
    return rows[0] ?? null;
  }

  /** Locked: of two who decide at once the second sees what the first decided. */
  async lock(tx: Tx, id: string): Promise<QuarantineRow | null> {
    const sql = `SELECT ${COLUMNS} FROM usage_quarantine WHERE id = $1::uuid FOR UPDATE`;
    return (await querySql<QuarantineRow>(tx, sql, [id]))[0] ?? null;
  }

  async resolve(
    tx: Tx,
    id: string,
    decided: { resolution: Resolution; at: Date; by: string; because: string; counted: boolean },
  ): Promise<void> {
    await executeSql(
      tx,
      `UPDATE usage_quarantine SET resolution = $2, resolved_at = $3::timestamptz, resolved_by = $4, resolved_because = $5,
              counted = $6 WHERE id = $1::uuid AND resolution IS NULL`,
      [id, decided.resolution, decided.at.toISOString(), decided.by, decided.because, decided.counted],
    );
  }

  /** Whether this revision is the one that counts: a later one may have been counted before. */
  async isCounted(tx: Tx, window: UsageWindowTotal): Promise<boolean> {
    const rows = await querySql(
      tx,
      `SELECT 1 FROM usage_window WHERE deployment_id = $1::uuid AND meter = $2 AND window_start = $3::timestamptz
          AND home_id = $4::uuid AND incarnation = $5::int AND revision = $6::bigint`,
      [
        window.deploymentId,
        window.meter,
        window.windowStart.toISOString(),
        window.homeId,
        window.incarnation,
        window.revision,
      ],
    );
    return rows.length > 0;
  }

  /** How many records of each reason nobody has decided of. */
  open(tx: Tx): Promise<{ reason: string; records: number }[]> {
    return querySql(
      tx,
      'SELECT reason, count(*)::int AS records FROM usage_quarantine WHERE resolution IS NULL GROUP BY reason',
    );
  }
}
