import { Injectable } from '@nestjs/common';
import type { LicenseClaims } from '@biplane/licensing';
import type { Prisma, PrismaClient } from '@biplane/prisma-core';
import { executeSql, prismaOf, querySql, type Tx } from '@biplane/service-kit';

export interface LicenseRow {
  readonly deploymentId: string;
  readonly version: number;
  readonly jti: string;
  readonly tenantId: string;
  readonly kid: string;
  readonly status: string;
  readonly claims: LicenseClaims;
  readonly signed: string;
  readonly cause: string;
  readonly issuedAt: Date;
}

export interface LicenseHead {
  readonly deploymentId: string;
  readonly tenantId: string;
  readonly region: string;
  readonly homeId: string;
  readonly version: number;
  readonly jti: string;
  readonly status: string;
  readonly issuedAt: Date;
  readonly revokedAt: Date | null;
  readonly purgeAfter: Date | null;
  /** It has ended and is being retired: its license is suspended until its final invoice is issued. */
  readonly revocationHeldAt: Date | null;
  /** Nothing is signed or published of it any more. */
  readonly tombstonedAt: Date | null;
}

/** Of a head `h`: its license has not expired, so that a home would take it. Most are signed again daily, and are not looked into. */
export const stillTaken = (at: string): string => `(h.reissue_due_at IS NOT NULL OR EXISTS (
  SELECT 1 FROM license p WHERE p.deployment_id = h.deployment_id AND p.version = h.version
    AND to_timestamp((p.claims->>'exp')::bigint) > ${at}))`;

@Injectable()
export class LicensesStore {
  /** The row lock under which versions follow each other; null before the first. */
  async lockHead(tx: Tx, deploymentId: string): Promise<LicenseHead | null> {
    // Versions of one deployment are made one after the other, the first one too, of which there is no row to lock.
    await querySql(tx, `SELECT 1 FROM (SELECT pg_advisory_xact_lock(hashtextextended('license:' || $1, 0))) locked`, [
      deploymentId,
    ]);
    return this.head(tx, deploymentId);
  }

  async head(tx: Tx, deploymentId: string): Promise<LicenseHead | null> {
    const row = await prismaOf<PrismaClient>(tx).licenseHead.findUnique({ where: { deploymentId } });
    return row && { ...row, version: Number(row.version) };
  }

  async insert(tx: Tx, license: LicenseRow): Promise<void> {
    await prismaOf<PrismaClient>(tx).license.create({
      data: {
        ...license,
        version: BigInt(license.version),
        claims: license.claims as unknown as Prisma.InputJsonObject,
      },
      select: { version: true },
    });
  }

  async saveHead(
    tx: Tx,
    head: Omit<LicenseHead, 'revokedAt' | 'purgeAfter' | 'revocationHeldAt' | 'tombstonedAt'>,
    reissueDueAt: Date | null,
  ): Promise<void> {
    const data = { ...head, version: BigInt(head.version), reissueDueAt, lastPublishedAt: head.issuedAt };
    await prismaOf<PrismaClient>(tx).licenseHead.upsert({
      where: { deploymentId: head.deploymentId },
      create: data,
      update: data,
      select: { version: true },
    });
  }

  async setRevoked(tx: Tx, deploymentId: string, revokedAt: Date, purgeAfter: Date): Promise<void> {
    const sql = `UPDATE license_head SET revoked_at = $2, purge_after = $3 WHERE deployment_id = $1::uuid AND revoked_at IS NULL`;
    await executeSql(tx, sql, [deploymentId, revokedAt, purgeAfter]);
  }

  async setRevocationHeld(tx: Tx, deploymentId: string, at: Date | null): Promise<void> {
    const sql = 'UPDATE license_head SET revocation_held_at = $2 WHERE deployment_id = $1::uuid';
    await executeSql(tx, sql, [deploymentId, at]);
  }

  async setTombstoned(tx: Tx, deploymentId: string, at: Date): Promise<void> {
    const sql = 'UPDATE license_head SET tombstoned_at = $2, reissue_due_at = NULL WHERE deployment_id = $1::uuid';
    await executeSql(tx, sql, [deploymentId, at]);
  }

  async version(tx: Tx, deploymentId: string, version: number): Promise<LicenseRow | null> {
    const row = await prismaOf<PrismaClient>(tx).license.findUnique({
      where: { deploymentId_version: { deploymentId, version: BigInt(version) } },
    });
    return row && toLicense(row);
  }

  /** Newest first, below `beforeVersion`. */
  async history(tx: Tx, deploymentId: string, beforeVersion: number | null, take: number): Promise<LicenseRow[]> {
    const rows = await prismaOf<PrismaClient>(tx).license.findMany({
      where: { deploymentId, ...(beforeVersion !== null && { version: { lt: BigInt(beforeVersion) } }) },
      orderBy: { version: 'desc' },
      take,
    });
    return rows.map(toLicense);
  }

  /** Deployments whose license is due to be signed again. Not locked: the signing locks each, and looks again. */
  async dueForReissue(tx: Tx, now: Date, take: number): Promise<string[]> {
    const sql = `SELECT deployment_id::text AS id FROM license_head
      WHERE reissue_due_at <= $1 AND tombstoned_at IS NULL ORDER BY reissue_due_at LIMIT $2`;
    return (await querySql<{ id: string }>(tx, sql, [now, take])).map((row) => row.id);
  }

  /** A deployment whose signing failed waits a while, so that it does not keep the others from theirs. */
  async postponeReissue(tx: Tx, deploymentId: string, until: Date): Promise<void> {
    await executeSql(tx, 'UPDATE license_head SET reissue_due_at = $2 WHERE deployment_id = $1::uuid', [
      deploymentId,
      until,
    ]);
  }

  async isReissueDue(tx: Tx, deploymentId: string, now: Date): Promise<boolean> {
    const sql = 'SELECT 1 FROM license_head WHERE deployment_id = $1::uuid AND reissue_due_at <= $2';
    return (await querySql(tx, sql, [deploymentId, now])).length === 1;
  }

  /** Present licenses that were last published before the instant; other replicas skip them. */
  async lockPublishedBefore(tx: Tx, before: Date, take: number): Promise<LicenseRow[]> {
    const sql = `SELECT deployment_id::text AS id FROM license_head
      WHERE last_published_at < $1 AND tombstoned_at IS NULL ORDER BY last_published_at LIMIT $2 FOR UPDATE SKIP LOCKED`;
    return this.present(tx, await querySql<{ id: string }>(tx, sql, [before, take]));
  }

  /**
   * Present licenses that a live instance of their home is known not to enforce, though it had a minute to do so. Not those that
   * have ended: a home that has not heard of them would refuse them each minute for ever.
   */
  async lockLagging(
    tx: Tx,
    since: { readonly issuedBefore: Date; readonly liveAfter: Date },
    take: number,
  ): Promise<LicenseRow[]> {
    const sql = `SELECT h.deployment_id::text AS id FROM license_head h
      WHERE h.last_published_at < $1 AND h.tombstoned_at IS NULL AND ${stillTaken('$1')} AND EXISTS (
        SELECT 1 FROM instance i
        LEFT JOIN instance_license l ON l.instance_id = i.id AND l.deployment_id = h.deployment_id
        WHERE i.home_id = h.home_id AND i.received_at > $2 AND i.first_seen_at < $1 AND NOT i.draining
          AND (l.version IS NULL OR l.version < h.version))
      ORDER BY h.last_published_at LIMIT $3 FOR UPDATE OF h SKIP LOCKED`;
    return this.present(tx, await querySql<{ id: string }>(tx, sql, [since.issuedBefore, since.liveAfter, take]));
  }

  async markPublished(tx: Tx, deploymentIds: readonly string[], now: Date): Promise<void> {
    const sql = `UPDATE license_head SET last_published_at = $2 WHERE deployment_id = ANY($1::uuid[])`;
    await executeSql(tx, sql, [deploymentIds, now]);
  }

  private async present(tx: Tx, ids: readonly { id: string }[]): Promise<LicenseRow[]> {
    if (ids.length === 0) return [];
    const sql = `SELECT deployment_id::text AS "deploymentId", version FROM license_head WHERE deployment_id = ANY($1::uuid[])`;
    const heads = await querySql<{ deploymentId: string; version: bigint }>(tx, sql, [ids.map(({ id }) => id)]);
    const rows = await prismaOf<PrismaClient>(tx).license.findMany({ where: { OR: heads } });
    return rows.map(toLicense);
  }
}

type Row = Prisma.LicenseGetPayload<object>;

function toLicense(row: Row): LicenseRow {
  return { ...row, version: Number(row.version), claims: row.claims as unknown as LicenseClaims };
}
