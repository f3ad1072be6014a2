import { Injectable } from '@nestjs/common';
import { executeSql, querySql, type Tx } from '@biplane/service-kit';

/** A home that this process alone looks at, until its lease ends. */
export interface ReconcileClaim {
  readonly homeId: string;
  readonly cause: string;
  /** Looks in a row that failed, this one counted as if it would. */
  readonly attempts: number;
  readonly wakeups: bigint;
  /** Of this claim alone. */
  readonly holder: string;
}

export interface QueueDepth {
  readonly waiting: number;
  readonly oldestDueAt: Date | null;
}

/** The queue of homes to look at: one row a home, so that asking often costs one look. */
@Injectable()
export class ReconcileQueue {
  /** Looked at from `dueAt` on. What is asked for while somebody looks is looked at once more. */
  async enqueue(tx: Tx, homeId: string, region: string, cause: string, dueAt: Date): Promise<void> {
    await executeSql(
      tx,
      `INSERT INTO reconcile_request (home_id, region, cause, due_at, attempts, wakeups) VALUES ($1::uuid, $2, $3, $4, 0, 1)
       ON CONFLICT (home_id) DO UPDATE SET cause = excluded.cause, due_at = least(reconcile_request.due_at, excluded.due_at),
         attempts = 0, wakeups = reconcile_request.wakeups + 1`,
      [homeId, region, cause, dueAt],
    );
  }

  /** The same for many, of which those count that are not gone. One that fails keeps its back-off: nothing new is known of it. */
  async wake(tx: Tx, homeIds: readonly string[], cause: string, now: Date): Promise<void> {
    await executeSql(
      tx,
      `INSERT INTO reconcile_request (home_id, region, cause, due_at, attempts, wakeups)
       SELECT home_id, region, $2, $3, 0, 1 FROM dedicated_home WHERE home_id = ANY($1::uuid[]) AND gone_at IS NULL ORDER BY home_id
       ON CONFLICT (home_id) DO UPDATE SET cause = excluded.cause, wakeups = reconcile_request.wakeups + 1,
         due_at = CASE WHEN reconcile_request.attempts > 1 THEN reconcile_request.due_at ELSE least(reconcile_request.due_at, $3) END`,
      [homeIds, cause, now],
    );
  }

  /** Of two reconcilers each takes other homes; what a killed one held is free when its lease ends. */
  claim(
    tx: Tx,
    now: Date,
    of: {
      readonly regions: readonly string[];
      readonly take: number;
      readonly leaseMs: number;
      readonly holder: string;
    },
  ): Promise<ReconcileClaim[]> {
    return querySql<ReconcileClaim>(
      tx,
      `WITH due AS (
         SELECT home_id FROM reconcile_request WHERE region = ANY($2::text[]) AND due_at <= $1 AND (lease_until IS NULL OR lease_until <= $1)
         ORDER BY due_at, home_id LIMIT $3::int FOR UPDATE SKIP LOCKED
       )
       UPDATE reconcile_request r SET lease_until = $4, lease_holder = $5::uuid, attempts = r.attempts + 1
       FROM due WHERE r.home_id = due.home_id
       RETURNING r.home_id AS "homeId", r.cause, r.attempts, r.wakeups, r.lease_holder AS holder`,
      [now, of.regions, of.take, new Date(now.getTime() + of.leaseMs), of.holder],
    );
  }

  /** False when another holds it by now: then nothing may be written. Held to the end of the transaction. */
  async holds(tx: Tx, claim: ReconcileClaim): Promise<boolean> {
    const sql = 'SELECT 1 FROM reconcile_request WHERE home_id = $1::uuid AND lease_holder = $2::uuid FOR UPDATE';
    return (await querySql(tx, sql, [claim.homeId, claim.holder])).length === 1;
  }

  async renew(tx: Tx, claim: ReconcileClaim, until: Date): Promise<boolean> {
    const sql =
      'UPDATE reconcile_request SET lease_until = $3 WHERE home_id = $1::uuid AND lease_holder = $2::uuid AND lease_until <= $3';
    return (await executeSql(tx, sql, [claim.homeId, claim.holder, until])) === 1;
  }

  /** Nothing to do any more, unless it was asked for meanwhile. */
  async settle(tx: Tx, claim: ReconcileClaim): Promise<void> {
    const { homeId, holder, wakeups } = claim;
    const sql =
      'DELETE FROM reconcile_request WHERE home_id = $1::uuid AND lease_holder = $2::uuid AND wakeups = $3::bigint';
    if ((await executeSql(tx, sql, [homeId, holder, wakeups])) === 0) await this.release(tx, claim, null, false);
  }

  /**
   * Looked at again at `dueAt`, or as soon as it was asked for meanwhile (null). Only failures add up, and one waits its time out whatever
   * hints came meanwhile, its own writes' among them: those left `attempts` as it was, where what is wanted anew begins at zero.
   */
  async release(
    tx: Tx,
    { homeId, holder, wakeups }: ReconcileClaim,
    dueAt: Date | null,
    isFailure: boolean,
  ): Promise<void> {
    await executeSql(
      tx,
      `UPDATE reconcile_request SET lease_holder = NULL, lease_until = NULL, attempts = CASE WHEN $5 THEN attempts ELSE 0 END,
         due_at = CASE WHEN wakeups = $3::bigint OR ($5 AND attempts > 0) THEN coalesce($4::timestamptz, due_at) ELSE due_at END
       WHERE home_id = $1::uuid AND lease_holder = $2::uuid`,
      [homeId, holder, wakeups, dueAt, isFailure],
    );
  }

  async depth(tx: Tx, regions: readonly string[], now: Date): Promise<QueueDepth> {
    const rows = await querySql<QueueDepth>(
      tx,
      `SELECT count(*)::int AS waiting, min(due_at) AS "oldestDueAt" FROM reconcile_request WHERE region = ANY($1::text[]) AND due_at <= $2`,
      [regions, now],
    );
    return rows[0] ?? { waiting: 0, oldestDueAt: null };
  }
}
