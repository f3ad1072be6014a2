import { Injectable } from '@nestjs/common';
import type { TenantId } from '@biplane/kernel';
import { executeSql, querySql, type Tx } from '@biplane/service-kit';
import type { SkipReason, Tally } from './domain/tally.js';

export type RunState = 'running' | 'succeeded' | 'failed' | 'interrupted';

export interface NewRun {
  readonly id: string;
  readonly month: string;
  readonly trigger: 'schedule' | 'demand';
  readonly force: boolean;
  readonly actor: string;
  /** Decides what is over, and dates the invoices. */
  readonly at: Date;
  readonly expected: number;
}

export interface Run extends NewRun {
  readonly state: RunState;
  readonly endedAt: Date | null;
  /** The last tenant that is done. */
  readonly cursor: string | null;
  readonly tally: Tally;
  readonly reason: string | null;
}

export interface Parked {
  readonly tenantId: TenantId;
  readonly code: string;
  readonly detail: string;
}

export interface ParkedRow extends Parked {
  readonly runId: string;
  readonly month: string;
  readonly parkedAt: Date;
  readonly resolvedAt: Date | null;
}

interface RunRow extends Omit<Run, 'tally'> {
  readonly examined: number;
  readonly issued: number;
  readonly replaced: number;
  readonly provisional: number;
  readonly parked: number;
  readonly skipped: Partial<Record<SkipReason, number>>;
  readonly totals: Record<string, string>;
}

/** "rollup" in ASCII: one lock per database, since advisory locks do not reach beyond one. */
const LOCK_KEY = '125822596052336';

const COLUMNS = `id::text, month, trigger, force, state, actor, at, ended_at AS "endedAt", cursor::text, expected,
  examined, issued, replaced, provisional, parked, skipped, totals, reason`;
const PARKED_COLUMNS = `run_id::text AS "runId", tenant_id::text AS "tenantId", month, code, detail,
  parked_at AS "parkedAt", resolved_at AS "resolvedAt"`;

@Injectable()
export class RollupStore {
  /** Held until the transaction ends, by whoever works on the open run; it ends with its holder's connection. */
  async tryLock(tx: Tx): Promise<boolean> {
    const sql = `SELECT pg_try_advisory_xact_lock(${LOCK_KEY}) AS locked`;
    return (await querySql<{ locked: boolean }>(tx, sql))[0]?.locked === true;
  }

  /** Any statement keeps an idle transaction from being ended by the server. */
  async beat(tx: Tx): Promise<void> {
    await querySql(tx, 'SELECT 1 AS beat');
  }

  /** False when a run is open: an index decides. Not inside a transaction that goes on. */
  async begin(tx: Tx, run: NewRun): Promise<boolean> {
    const { id, month, trigger, force, actor, at, expected } = run;
    const sql = `INSERT INTO rollup_run (id, month, trigger, force, state, actor, at, expected, examined, issued, replaced,
        provisional, parked, skipped, totals)
      VALUES ($1::uuid, $2, $3, $4::boolean, 'running', $5, $6::timestamptz, $7::int, 0, 0, 0, 0, 0, '{}', '{}')
      ON CONFLICT ((true)) WHERE ended_at IS NULL DO NOTHING`;
    return (await executeSql(tx, sql, [id, month, trigger, force, actor, at.toISOString(), expected])) === 1;
  }

  async open(tx: Tx): Promise<Run | null> {
    return one(await querySql<RunRow>(tx, `SELECT ${COLUMNS} FROM rollup_run WHERE ended_at IS NULL`));
  }

  async find(tx: Tx, id: string): Promise<Run | null> {
    return one(await querySql<RunRow>(tx, `SELECT ${COLUMNS} FROM rollup_run WHERE id = $1::uuid`, [id]));
  }

  /** Newest first. */
  async list(tx: Tx, month: string | null, after: RunPosition | null, take: number): Promise<Run[]> {
    const rows = await querySql<RunRow>(
      tx,
      `SELECT ${COLUMNS} FROM rollup_run
        WHERE ($1::text IS NULL OR month = $1) AND ($2::timestamptz IS NULL OR (at, id) < ($2::timestamptz, $3::uuid))
        ORDER BY at DESC, id DESC LIMIT $4::int`,
      [month, after?.at.toISOString() ?? null, after?.id ?? null, take],
    );
    return rows.map(runOf);
  }

  /** Moves the run on from `from` to `to`; false when somebody else has, or it has ended. */
  async advance(tx: Tx, id: string, from: string | null, to: string, tally: Tally): Promise<boolean> {
    const { examined, issued, replaced, provisional, parked, skipped, totals } = tally;
    const changed = await executeSql(
      tx,
      `UPDATE rollup_run SET cursor = $3::uuid, examined = $4::int, issued = $5::int, replaced = $6::int,
              provisional = $7::int, parked = $8::int, skipped = $9::text::jsonb, totals = $10::text::jsonb
        WHERE id = $1::uuid AND ended_at IS NULL AND cursor IS NOT DISTINCT FROM $2::uuid`,
      [id, from, to, examined, issued, replaced, provisional, parked, JSON.stringify(skipped), minorsText(totals)],
    );
    return changed === 1;
  }

  async end(
    tx: Tx,
    id: string,
    state: Exclude<RunState, 'running'>,
    reason: string | null,
    now: Date,
  ): Promise<boolean> {
    const sql = `UPDATE rollup_run SET state = $2, reason = $3, ended_at = $4::timestamptz
      WHERE id = $1::uuid AND ended_at IS NULL`;
    return (await executeSql(tx, sql, [id, state, reason, now.toISOString()])) === 1;
  }

  /** Of the tenants behind `from` up to `to` another run has decided now: what stood parked of them stands no more. */
  async resolveParked(tx: Tx, month: string, from: string | null, to: string, now: Date): Promise<void> {
    await executeSql(
      tx,
      `UPDATE rollup_parked SET resolved_at = $4::timestamptz
        WHERE month = $1 AND resolved_at IS NULL AND tenant_id <= $3::uuid AND ($2::uuid IS NULL OR tenant_id > $2::uuid)`,
      [month, from, to, now.toISOString()],
    );
  }

  async park(tx: Tx, { id, month }: Run, parked: readonly Parked[], now: Date): Promise<void> {
    await executeSql(
      tx,
      `INSERT INTO rollup_parked (run_id, tenant_id, month, code, detail, parked_at)
       SELECT $1::uuid, p.tenant_id, $2, p.code, p.detail, $6::timestamptz
         FROM unnest($3::uuid[], $4::text[], $5::text[]) AS p(tenant_id, code, detail)`,
      [
        id,
        month,
        parked.map(({ tenantId }) => tenantId),
        parked.map(({ code }) => code),
        parked.map(({ detail }) => detail),
        now.toISOString(),
      ],
    );
  }

  parkedBy(tx: Tx, runId: string, max: number): Promise<ParkedRow[]> {
    const sql = `SELECT ${PARKED_COLUMNS} FROM rollup_parked WHERE run_id = $1::uuid ORDER BY rollup_parked.tenant_id LIMIT $2::int`;
    return querySql(tx, sql, [runId, max]);
  }

  /** Who stands parked now, month by month. */
  async standing(
    tx: Tx,
    month: string | null,
    after: { month: string; tenantId: string } | null,
    take: number,
  ): Promise<ParkedRow[]> {
    return querySql(
      tx,
      `SELECT ${PARKED_COLUMNS} FROM rollup_parked
        WHERE resolved_at IS NULL AND ($1::text IS NULL OR month = $1)
          AND ($2::text IS NULL OR (month, tenant_id) > ($2, $3::uuid))
        ORDER BY rollup_parked.month, rollup_parked.tenant_id LIMIT $4::int`,
      [month, after?.month ?? null, after?.tenantId ?? null, take],
    );
  }

  async standingCount(tx: Tx): Promise<number> {
    const sql = 'SELECT count(*)::int AS count FROM rollup_parked WHERE resolved_at IS NULL';
    return (await querySql<{ count: number }>(tx, sql))[0]!.count;
  }
}

/** Where a page of the list ended. */
export interface RunPosition {
  readonly at: Date;
  readonly id: string;
}

function one(rows: readonly RunRow[]): Run | null {
  return rows[0] === undefined ? null : runOf(rows[0]);
}

function runOf({ examined, issued, replaced, provisional, parked, skipped, totals, ...run }: RunRow): Run {
  const minors = Object.fromEntries(Object.entries(totals).map(([currency, minor]) => [currency, BigInt(minor)]));
  return { ...run, tally: { examined, issued, replaced, provisional, parked, skipped, totals: minors } };
}

function minorsText(totals: Readonly<Record<string, bigint>>): string {
  return JSON.stringify(
    Object.fromEntries(Object.entries(totals).map(([currency, minor]) => [currency, String(minor)])),
  );
}
