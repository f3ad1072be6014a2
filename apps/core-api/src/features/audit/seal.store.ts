import { Injectable } from '@nestjs/common';
import { executeSql, querySql, type Tx } from '@biplane/service-kit';
import type { Seal, SealedColumns } from './sealing.js';

export interface SealHead {
  readonly seq: bigint;
  readonly head: string;
  readonly entryId: bigint;
  readonly sealedAt: Date;
}

/** A link of the chain with the entry that it covers; the entry's columns are null when it is gone. */
export type Link = Seal & { readonly found: boolean } & SealedColumns;

const COLUMNS = `e.id::text AS id, to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at, e.actor, e.action,
  e.object_type AS "objectType", e.object_id AS "objectId", e.tenant_id::text AS "tenantId", e.before::text AS before,
  e.after::text AS after, e.reason, e.request_id AS "requestId"`;

/** How far behind the newest sealed entry a late commit is looked for each time; beyond it the hourly search finds it. */
const LATE_IDS = 100_000;

const UNSEALED = `FROM audit_entry e
  WHERE e.id > (CASE WHEN $1::boolean THEN -1 ELSE (SELECT coalesce(max(entry_id), 0) FROM audit_seal) - $2::bigint END)
    AND NOT EXISTS (SELECT 1 FROM audit_seal s WHERE s.entry_id = e.id)`;

@Injectable()
export class SealStore {
  /** One sealer in all replicas; the lock ends with the transaction. */
  async tryLock(tx: Tx): Promise<boolean> {
    const [row] = await querySql<{ locked: boolean }>(
      tx,
      `SELECT pg_try_advisory_xact_lock(hashtextextended('audit-seal', 0)) AS locked`,
    );
    return row?.locked === true;
  }

  async last(tx: Tx): Promise<SealHead | null> {
    const [row] = await querySql<SealHead>(
      tx,
      `SELECT seq, head, entry_id AS "entryId", sealed_at AS "sealedAt" FROM audit_seal ORDER BY seq DESC LIMIT 1`,
    );
    return row ?? null;
  }

  async headAt(tx: Tx, seq: bigint): Promise<string | null> {
    const [row] = await querySql<{ head: string }>(tx, `SELECT head FROM audit_seal WHERE seq = $1`, [seq]);
    return row?.head ?? null;
  }

  async seqOf(tx: Tx, head: string): Promise<bigint | null> {
    const [row] = await querySql<{ seq: bigint }>(tx, `SELECT seq FROM audit_seal WHERE head = $1`, [head]);
    return row?.seq ?? null;
  }

  /**
   * Committed entries without a seal, by id. Ids are taken before the commit, so a lower one may appear after a higher one was sealed:
   * none is passed over, each is sealed when it is seen.
   */
  unsealed(tx: Tx, limit: number, everywhere: boolean): Promise<SealedColumns[]> {
    return querySql(tx, `SELECT ${COLUMNS} ${UNSEALED} ORDER BY e.id LIMIT $3::int`, [everywhere, LATE_IDS, limit]);
  }

  /** At most `max`: more is only said to be many. */
  async countUnsealed(tx: Tx, max: number): Promise<number> {
    const [row] = await querySql<{ count: number }>(
      tx,
      `SELECT count(*)::int AS count FROM (SELECT 1 ${UNSEALED} LIMIT $3::int) waiting`,
      [false, LATE_IDS, max],
    );
    return row?.count ?? 0;
  }

  async insert(tx: Tx, seals: readonly Seal[], sealedAt: Date): Promise<void> {
    await executeSql(
      tx,
      `INSERT INTO audit_seal (seq, entry_id, entry_hash, head, sealed_at)
       SELECT seq, entry_id, entry_hash, head, $5 FROM unnest($1::text[]::bigint[], $2::text[]::bigint[], $3::text[], $4::text[])
         AS rows(seq, entry_id, entry_hash, head)`,
      [
        seals.map(({ seq }) => String(seq)),
        seals.map(({ entryId }) => entryId),
        seals.map(({ entryHash }) => entryHash),
        seals.map(({ head }) => head),
        sealedAt,
      ],
    );
  }

  /** Links behind `after`, in order. */
  links(tx: Tx, after: bigint, limit: number): Promise<Link[]> {
    return querySql<Link>(
      tx,
      `SELECT s.seq, s.entry_id::text AS "entryId", s.entry_hash AS "entryHash", s.head, e.id IS NOT NULL AS found, ${COLUMNS}
       FROM audit_seal s LEFT JOIN audit_entry e ON e.id = s.entry_id WHERE s.seq > $1::bigint ORDER BY s.seq LIMIT $2::int`,
      [after, limit],
    );
  }
}
