import { Injectable } from '@nestjs/common';
import { executeSql, querySql, type Tx } from '@biplane/service-kit';
import type { HomeCondition } from './domain/home.js';

export interface Observation {
  readonly homeId: string;
  readonly deploymentId: string;
  readonly tenantId: string;
  /** All that are known of the home, as they were then. */
  readonly conditions: readonly HomeCondition[];
  readonly isGone: boolean;
  readonly at: Date;
}

export interface StoredObservation extends Observation {
  readonly id: bigint;
}

@Injectable()
export class ObservationsStore {
  async insert(tx: Tx, { homeId, deploymentId, tenantId, conditions, isGone, at }: Observation): Promise<void> {
    await executeSql(
      tx,
      `INSERT INTO home_observation (home_id, deployment_id, tenant_id, conditions, is_gone, at)
       VALUES ($1::uuid, $2::uuid, $3::uuid, $4::jsonb, $5, $6)`,
      [homeId, deploymentId, tenantId, JSON.stringify(conditions), isGone, at],
    );
  }

  /** Homes of which something is told to nobody yet, those that wait longest first. */
  async waitingHomes(tx: Tx, take: number): Promise<string[]> {
    const rows = await querySql<{ homeId: string }>(
      tx,
      `SELECT home_id::text AS "homeId" FROM home_observation WHERE consumed_at IS NULL GROUP BY home_id ORDER BY min(id) LIMIT $1::int`,
      [take],
    );
    return rows.map(({ homeId }) => homeId);
  }

  /** The oldest of a home that waits, held to the end of the transaction; null when another replica tells it. */
  async takeOldest(tx: Tx, homeId: string): Promise<StoredObservation | null> {
    const rows = await querySql<Row>(
      tx,
      `SELECT id, home_id::text AS "homeId", deployment_id::text AS "deploymentId", tenant_id::text AS "tenantId", conditions,
         is_gone AS "isGone", at
       FROM home_observation WHERE id = (SELECT min(id) FROM home_observation WHERE home_id = $1::uuid AND consumed_at IS NULL)
         AND consumed_at IS NULL FOR UPDATE SKIP LOCKED`,
      [homeId],
    );
    const row = rows[0];
    if (!row) return null;
    const conditions = row.conditions.map((each) => ({ ...each, since: new Date(each.since) }));
    return { ...row, conditions };
  }

  async consumed(tx: Tx, id: bigint, now: Date): Promise<void> {
    await executeSql(tx, 'UPDATE home_observation SET consumed_at = $2 WHERE id = $1::bigint', [id, now]);
  }
}

type Row = Omit<StoredObservation, 'conditions'> & {
  readonly conditions: readonly (Omit<HomeCondition, 'since'> & { readonly since: string })[];
};
