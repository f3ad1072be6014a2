import { Injectable } from '@nestjs/common';
import { executeSql, querySql, type Tx } from '@biplane/service-kit';

export type OrphanReason = 'HOME_GONE' | 'HOME_UNKNOWN' | 'OTHER_DEPLOYMENT';

export interface Orphan {
  readonly uid: string;
  readonly namespace: string;
  readonly region: string;
  /** By its labels, whatever they say. */
  readonly homeId: string | null;
  readonly deploymentId: string | null;
  readonly reason: OrphanReason;
}

@Injectable()
export class OrphansStore {
  /** When each was first seen; those that are seen for the first time are written down. */
  async seen(tx: Tx, orphan: Orphan, now: Date): Promise<{ readonly firstSeenAt: Date; readonly isNew: boolean }> {
    const { uid, namespace, region, homeId, deploymentId, reason } = orphan;
    const known = await querySql<{ firstSeenAt: Date }>(
      tx,
      'SELECT first_seen_at AS "firstSeenAt" FROM home_orphan WHERE uid = $1',
      [uid],
    );
    if (known[0]) return { firstSeenAt: known[0].firstSeenAt, isNew: false };
    const inserted = await executeSql(
      tx,
      `INSERT INTO home_orphan (uid, namespace, region, home_id, deployment_id, reason, first_seen_at)
       VALUES ($1, $2, $3, left($4, 63), left($5, 63), $6, $7) ON CONFLICT (uid) DO NOTHING`,
      [uid, namespace, region, homeId, deploymentId, reason, now],
    );
    return { firstSeenAt: now, isNew: inserted === 1 };
  }

  async deleted(tx: Tx, uid: string, now: Date): Promise<boolean> {
    const sql = 'UPDATE home_orphan SET deleted_at = $2 WHERE uid = $1 AND deleted_at IS NULL';
    return (await executeSql(tx, sql, [uid, now])) === 1;
  }
}
