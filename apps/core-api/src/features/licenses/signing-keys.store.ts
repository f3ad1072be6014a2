import { Injectable } from '@nestjs/common';
import type { PublicJwk } from '@biplane/licensing';
import type { Prisma, PrismaClient } from '@biplane/prisma-core';
import { executeSql, prismaOf, querySql, type Tx } from '@biplane/service-kit';
import type { SignerKind } from './signers/license-signer.js';

export interface SigningKeyRow {
  readonly kid: string;
  readonly publicJwk: PublicJwk;
  /** Of a key whose signer is `database`. */
  readonly privateKeyEncrypted: string | null;
  readonly signer: SignerKind;
  readonly trustedStatement: string;
  readonly revokedStatement: string | null;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly importedAt: Date;
  readonly signingFrom: Date | null;
  readonly signingTo: Date | null;
  readonly retiredAt: Date | null;
  readonly revokedAt: Date | null;
}

/** A home of which an instance is live, and whether all its live instances hold a key. */
export interface KeyHolder {
  readonly homeId: string;
  readonly region: string;
  readonly holds: boolean;
}

const LOCK = `hashtext('signing_key')`;

@Injectable()
export class SigningKeysStore {
  /** Serializes changes of the keys, and keeps every signing out while the signing key changes. */
  async lockAll(tx: Tx): Promise<void> {
    await querySql(tx, `SELECT 1 FROM (SELECT pg_advisory_xact_lock(${LOCK})) locked`);
  }

  /** Held while a license is signed: none is signed with a key that has just been replaced. */
  async lockShared(tx: Tx): Promise<void> {
    await querySql(tx, `SELECT 1 FROM (SELECT pg_advisory_xact_lock_shared(${LOCK})) locked`);
  }

  async insert(tx: Tx, key: SigningKeyRow): Promise<boolean> {
    const result = await prismaOf<PrismaClient>(tx).signingKey.createMany({
      data: { ...key, publicJwk: key.publicJwk as unknown as Prisma.InputJsonObject },
      skipDuplicates: true,
    });
    return result.count === 1;
  }

  async all(tx: Tx): Promise<SigningKeyRow[]> {
    const rows = await prismaOf<PrismaClient>(tx).signingKey.findMany({ orderBy: { importedAt: 'asc' } });
    return rows as unknown as SigningKeyRow[];
  }

  async find(tx: Tx, kid: string): Promise<SigningKeyRow | null> {
    const row = await prismaOf<PrismaClient>(tx).signingKey.findUnique({ where: { kid } });
    return row as unknown as SigningKeyRow | null;
  }

  async signing(tx: Tx): Promise<SigningKeyRow | null> {
    const row = await prismaOf<PrismaClient>(tx).signingKey.findFirst({
      where: { signingFrom: { not: null }, signingTo: null },
    });
    return row as unknown as SigningKeyRow | null;
  }

  /** From now on `kid` signs, and no other; null: none does. */
  async switchTo(tx: Tx, kid: string | null, now: Date): Promise<void> {
    const end = 'UPDATE signing_key SET signing_to = $1 WHERE signing_from IS NOT NULL AND signing_to IS NULL';
    await executeSql(tx, end, [now]);
    const begin = 'UPDATE signing_key SET signing_from = $2, signing_to = NULL, retired_at = NULL WHERE kid = $1';
    if (kid !== null) await executeSql(tx, begin, [kid, now]);
  }

  async setRetired(tx: Tx, kid: string, now: Date): Promise<void> {
    const sql = 'UPDATE signing_key SET retired_at = $2 WHERE kid = $1 AND signing_to IS NOT NULL';
    await executeSql(tx, sql, [kid, now]);
  }

  async setRevoked(tx: Tx, kid: string, statement: string, now: Date): Promise<void> {
    const sql = 'UPDATE signing_key SET revoked_at = $3, revoked_statement = $2 WHERE kid = $1';
    await executeSql(tx, sql, [kid, statement, now]);
  }

  async holders(tx: Tx, kid: string, liveAfter: Date): Promise<KeyHolder[]> {
    const sql = `SELECT home_id::text AS "homeId", min(region) AS region, bool_and($1 = ANY(kids)) AS holds FROM instance
      WHERE received_at > $2 AND NOT draining GROUP BY home_id ORDER BY home_id`;
    return querySql<KeyHolder>(tx, sql, [kid, liveAfter]);
  }

  /** How many present licenses each key has signed. */
  async licensesByKid(tx: Tx): Promise<Map<string, number>> {
    const sql = `SELECT l.kid, count(*)::int AS count FROM license_head h
      JOIN license l ON l.deployment_id = h.deployment_id AND l.version = h.version GROUP BY l.kid`;
    const rows = await querySql<{ kid: string; count: number }>(tx, sql);
    return new Map(rows.map(({ kid, count }) => [kid, count]));
  }
}
