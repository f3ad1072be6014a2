import { Injectable } from '@nestjs/common';
import type { PublicJwk } from '@biplane/licensing';
import type { Prisma, PrismaClient } from '@biplane/prisma-core';
import { prismaOf, querySql, type Tx } from '@biplane/service-kit';

export interface SigningKeyRow {
  readonly kid: string;
  readonly publicJwk: PublicJwk;
  readonly privateKeyEncrypted: string;
  readonly trustedStatement: string;
  readonly revokedStatement: string | null;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly importedAt: Date;
  readonly signingFrom: Date | null;
  readonly signingTo: Date | null;
}

@Injectable()
export class SigningKeysStore {
  /** Serializes imports, so that exactly one of the first ones becomes the signing key. */
  async lockAll(tx: Tx): Promise<void> {
    await querySql(tx, `SELECT 1 FROM (SELECT pg_advisory_xact_lock(hashtext('signing_key'))) locked`);
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

  async signing(tx: Tx): Promise<SigningKeyRow | null> {
    const row = await prismaOf<PrismaClient>(tx).signingKey.findFirst({
      where: { signingFrom: { not: null }, signingTo: null },
    });
    return row as unknown as SigningKeyRow | null;
  }
}
