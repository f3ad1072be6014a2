import { Injectable } from '@nestjs/common';
import type { InstanceStatus, LicenseLine } from '@biplane/contracts';
import { executeSql, querySql, type Tx } from '@biplane/service-kit';
import { stillTaken } from './licenses.store.js';

export interface Enforcement {
  readonly instanceId: string;
  readonly region: string;
  readonly homeId: string;
  readonly version: number;
  readonly since: Date;
}

// A count that no column holds must not stop the partition: whoever reports it has other troubles.
const COUNT_MAX = 2_147_483_647;

export interface Propagation {
  readonly issuedAt: Date;
  readonly lastAppliedAt: Date;
  readonly millis: number;
}

/** A version that the last live instance of its home has just become known to enforce. */
export interface Reached {
  readonly deploymentId: string;
  readonly version: bigint;
  readonly region: string;
  readonly millis: number;
}

/** Which instances run, and which license versions each is known to enforce. */
@Injectable()
export class InstancesStore {
  /**
   * False when a later status of the instance is stored: an older one says nothing new. After our clock or the home's was set
   * back what is stored lies ahead, and must not keep the instance from being heard: it would count as dead.
   */
  async save(tx: Tx, status: InstanceStatus, now: Date): Promise<boolean> {
    const rows = await executeSql(
      tx,
      `INSERT INTO instance (id, home_id, region, kids, licenses_digest, license_count, refused, schema_version, draining,
         reported_at, first_seen_at, received_at)
       VALUES ($1, $2::uuid, $3, $4::text[], $5, $6::int, to_jsonb($7::int), $8, $9::boolean, $10::text::timestamptz, $11, $11)
       ON CONFLICT (id) DO UPDATE SET kids = excluded.kids, licenses_digest = excluded.licenses_digest,
         license_count = excluded.license_count, refused = excluded.refused, schema_version = excluded.schema_version,
         draining = excluded.draining, reported_at = excluded.reported_at, received_at = excluded.received_at,
         first_seen_at = least(instance.first_seen_at, excluded.first_seen_at)
       WHERE instance.home_id = excluded.home_id
         AND (instance.reported_at <= excluded.reported_at OR instance.received_at > excluded.received_at
           OR instance.reported_at > excluded.received_at + interval '1 minute')`,
      [
        status.instanceId, status.homeId, status.region, status.kids, status.licensesDigest, Math.min(status.licenseCount, COUNT_MAX),
        Math.min(status.refused, COUNT_MAX), status.schemaVersion, status.draining, status.at, now,
      ], // prettier-ignore
    );
    return rows === 1;
  }

  /** A version only rises; `since` is when core-api learnt of it. What was never issued to this home counts for nothing. */
  async saveEnforced(
    tx: Tx,
    of: { instanceId: string; homeId: string },
    applied: InstanceStatus['applied'],
    now: Date,
  ): Promise<void> {
    if (applied.length === 0) return;
    await executeSql(
      tx,
      `INSERT INTO instance_license (instance_id, deployment_id, version, since)
       SELECT $1, d, max(v), $4 FROM unnest($2::uuid[], $3::text[]::bigint[]) AS reported(d, v)
       JOIN license_head h ON h.deployment_id = d AND h.home_id = $5::uuid AND v <= h.version GROUP BY d
       ON CONFLICT (instance_id, deployment_id) DO UPDATE SET version = excluded.version, since = excluded.since
       WHERE instance_license.version < excluded.version`,
      [
        of.instanceId,
        applied.map((item) => item.deploymentId),
        applied.map((item) => String(item.version)),
        now,
        of.homeId,
      ],
    );
  }

  /**
   * The present license of everything that is placed at the home: what an instance that is up to date holds. It may have forgotten
   * those whose key was deleted from the topic, or hold them as long as it lives.
   */
  async presentOfHome(tx: Tx, homeId: string): Promise<(LicenseLine & { readonly isTombstoned: boolean })[]> {
    const sql = `SELECT deployment_id::text AS "deploymentId", version, jti::text AS jti, tombstoned_at IS NOT NULL AS "isTombstoned"
      FROM license_head WHERE home_id = $1::uuid`;
    const rows = await querySql<{ deploymentId: string; version: bigint; jti: string; isTombstoned: boolean }>(
      tx,
      sql,
      [homeId],
    );
    return rows.map((row) => ({ ...row, version: Number(row.version) }));
  }

  async hasBehind(tx: Tx, instanceId: string, homeId: string): Promise<boolean> {
    const rows = await querySql(
      tx,
      `SELECT 1 FROM license_head h LEFT JOIN instance_license l ON l.deployment_id = h.deployment_id AND l.instance_id = $1
       WHERE h.home_id = $2::uuid AND h.tombstoned_at IS NULL AND (l.version IS NULL OR l.version < h.version) LIMIT 1`,
      [instanceId, homeId],
    );
    return rows.length > 0;
  }

  /** Live instances that enforce a version of the deployment, with that version. */
  async enforcement(tx: Tx, deploymentId: string, homeId: string, liveAfter: Date): Promise<Enforcement[]> {
    const rows = await querySql<Omit<Enforcement, 'version'> & { version: bigint }>(
      tx,
      `SELECT i.id AS "instanceId", i.region, i.home_id::text AS "homeId", l.version, l.since
       FROM instance_license l JOIN instance i ON i.id = l.instance_id
       WHERE l.deployment_id = $1::uuid AND i.home_id = $2::uuid AND i.received_at > $3 AND NOT i.draining ORDER BY i.id`,
      [deploymentId, homeId, liveAfter],
    );
    return rows.map((row) => ({ ...row, version: Number(row.version) }));
  }

  /** Writes down, once, each present version of the home that its last live instance is now known to enforce. */
  async recordPropagation(tx: Tx, homeId: string, liveAfter: Date): Promise<Reached[]> {
    const rows = await querySql<Omit<Reached, 'millis'> & { millis: bigint }>(
      tx,
      `WITH live AS (SELECT id FROM instance WHERE home_id = $1::uuid AND received_at > $2 AND NOT draining),
       waiting AS (
         SELECT h.* FROM license_head h WHERE h.home_id = $1::uuid AND h.tombstoned_at IS NULL
           AND NOT EXISTS (SELECT 1 FROM license_propagation p WHERE p.deployment_id = h.deployment_id AND p.version = h.version)),
       reached AS (
         SELECT w.deployment_id, w.version, w.region, w.issued_at, max(l.since) AS last_at
         FROM waiting w CROSS JOIN live
         LEFT JOIN instance_license l ON l.instance_id = live.id AND l.deployment_id = w.deployment_id AND l.version >= w.version
         GROUP BY w.deployment_id, w.version, w.region, w.issued_at HAVING count(l.version) = count(*)),
       written AS (
         INSERT INTO license_propagation (deployment_id, version, issued_at, last_applied_at, millis)
         SELECT deployment_id, version, issued_at, last_at, (extract(epoch FROM last_at - issued_at) * 1000)::bigint FROM reached
         ON CONFLICT DO NOTHING RETURNING deployment_id, version, millis)
       SELECT r.region, w.millis, w.version, w.deployment_id::text AS "deploymentId" FROM written w JOIN reached r USING (deployment_id, version)`,
      [homeId, liveAfter],
    );
    return rows.map((row) => ({ ...row, millis: Number(row.millis) }));
  }

  /** Per region, when the oldest present license was signed that some live instance of its home does not enforce yet, and still could. */
  async oldestPending(tx: Tx, liveAfter: Date): Promise<{ region: string; issuedAt: Date }[]> {
    const sql = `SELECT h.region, min(h.issued_at) AS "issuedAt" FROM license_head h
      WHERE h.tombstoned_at IS NULL AND ${stillTaken('$1')}
        AND EXISTS (SELECT 1 FROM instance i WHERE i.home_id = h.home_id AND i.received_at > $1 AND NOT i.draining)
        AND NOT EXISTS (SELECT 1 FROM license_propagation p WHERE p.deployment_id = h.deployment_id AND p.version = h.version)
      GROUP BY h.region`;
    return querySql<{ region: string; issuedAt: Date }>(tx, sql, [liveAfter]);
  }

  /**
   * Of the versions just reached: how long each plan change that lies in them took. A change may have been followed by another
   * version before anybody enforced it; it is reached with that one.
   */
  async planUpdates(tx: Tx, reached: readonly { deploymentId: string; version: bigint }[]): Promise<number[]> {
    if (reached.length === 0) return [];
    const rows = await querySql<{ millis: bigint }>(
      tx,
      `SELECT (extract(epoch FROM p.last_applied_at - l.issued_at) * 1000)::bigint AS millis
       FROM unnest($1::uuid[], $2::text[]::bigint[]) AS reached(d, v)
       JOIN license_propagation p ON p.deployment_id = d AND p.version = v
       JOIN license l ON l.deployment_id = d AND l.cause = 'plan' AND l.version <= v
         AND l.version > coalesce((SELECT max(q.version) FROM license_propagation q WHERE q.deployment_id = d AND q.version < v), 0)`,
      [reached.map(({ deploymentId }) => deploymentId), reached.map(({ version }) => String(version))],
    );
    return rows.map(({ millis }) => Number(millis));
  }

  async propagation(tx: Tx, deploymentId: string, version: number): Promise<Propagation | null> {
    const sql = `SELECT issued_at AS "issuedAt", last_applied_at AS "lastAppliedAt", millis FROM license_propagation
      WHERE deployment_id = $1::uuid AND version = $2::bigint`;
    const row = (await querySql<Propagation & { millis: bigint }>(tx, sql, [deploymentId, String(version)]))[0];
    return row ? { ...row, millis: Number(row.millis) } : null;
  }
}
