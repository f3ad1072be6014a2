import { Injectable } from '@nestjs/common';
import type { Period } from '@biplane/billing-calendar';
import { executeSql, querySql, type Tx } from '@biplane/service-kit';

/** A stretch in which a home had no pod, half-open. */
export interface HomeStop {
  readonly homeId: string;
  readonly from: Date;
  /** Null while it lasts. */
  readonly to: Date | null;
}

@Injectable()
export class HomeStopsStore {
  async begin(tx: Tx, homeId: string, at: Date): Promise<void> {
    const sql = 'INSERT INTO home_stop (home_id, from_at) VALUES ($1::uuid, $2) ON CONFLICT DO NOTHING';
    await executeSql(tx, sql, [homeId, at]);
  }

  async end(tx: Tx, homeId: string, at: Date): Promise<void> {
    const sql = 'UPDATE home_stop SET to_at = greatest($2, from_at) WHERE home_id = $1::uuid AND to_at IS NULL';
    await executeSql(tx, sql, [homeId, at]);
  }

  /** As far as they touch the period. */
  during(tx: Tx, homeIds: readonly string[], { from, to }: Period): Promise<HomeStop[]> {
    return querySql<HomeStop>(
      tx,
      `SELECT home_id::text AS "homeId", from_at AS "from", to_at AS "to" FROM home_stop
       WHERE home_id = ANY($1::uuid[]) AND from_at < $3 AND (to_at IS NULL OR to_at > $2) ORDER BY home_id, from_at`,
      [homeIds, from, to],
    );
  }
}
