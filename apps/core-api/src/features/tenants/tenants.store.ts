import { Injectable } from '@nestjs/common';
import type { PrismaClient } from '@biplane/prisma-core';
import { executeSql, prismaOf, querySql, type Tx } from '@biplane/service-kit';

export interface Tenant {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly state: string;
  readonly createdAt: Date;
}

export interface AdminInviteRow {
  readonly id: string;
  readonly tenantId: string;
  readonly deploymentId: string;
  readonly adminUserId: string;
  readonly emailEncrypted: string;
  readonly nameEncrypted: string;
  readonly tokenHash: string;
  readonly expiresAt: Date;
  readonly createdAt: Date;
}

@Injectable()
export class TenantsStore {
  /** False when the slug is taken: decided by the unique index, without poisoning the transaction. */
  async insert(tx: Tx, tenant: Tenant): Promise<boolean> {
    const rows = await executeSql(
      tx,
      `INSERT INTO tenant (id, slug, name, state, created_at) VALUES ($1::uuid, $2, $3, $4, $5) ON CONFLICT (slug) DO NOTHING`,
      [tenant.id, tenant.slug, tenant.name, tenant.state, tenant.createdAt],
    );
    return rows === 1;
  }

  async insertInvite(tx: Tx, invite: AdminInviteRow): Promise<void> {
    await prismaOf<PrismaClient>(tx).adminInvite.create({ data: invite, select: { id: true } });
  }

  /** False when it is in that state already. */
  async setState(tx: Tx, id: string, state: string): Promise<boolean> {
    const sql = 'UPDATE tenant SET state = $2 WHERE id = $1::uuid AND state <> $2';
    return (await executeSql(tx, sql, [id, state])) === 1;
  }

  async find(tx: Tx, id: string): Promise<Tenant | null> {
    return prismaOf<PrismaClient>(tx).tenant.findUnique({ where: { id } });
  }

  async findMany(tx: Tx, ids: readonly string[]): Promise<Tenant[]> {
    return prismaOf<PrismaClient>(tx).tenant.findMany({ where: { id: { in: [...ids] } } });
  }

  async list(
    tx: Tx,
    filter: { slug?: string | undefined; id?: string | undefined },
    afterId: string | null,
    take: number,
  ): Promise<Tenant[]> {
    return prismaOf<PrismaClient>(tx).tenant.findMany({
      where: { AND: [filter, ...(afterId === null ? [] : [{ id: { gt: afterId } }])] },
      orderBy: { id: 'asc' },
      take,
    });
  }

  async lock(tx: Tx, id: string): Promise<void> {
    await querySql(tx, 'SELECT 1 FROM tenant WHERE id = $1::uuid FOR UPDATE', [id]);
  }

  async newestInviteOfTenant(tx: Tx, tenantId: string): Promise<AdminInviteRow | null> {
    return prismaOf<PrismaClient>(tx).adminInvite.findFirst({ where: { tenantId }, orderBy: { createdAt: 'desc' } });
  }

  async firstInvite(tx: Tx, tenantId: string): Promise<{ id: string; emailEncrypted: string } | null> {
    return prismaOf<PrismaClient>(tx).adminInvite.findFirst({
      where: { tenantId },
      orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
      select: { id: true, emailEncrypted: true },
    });
  }

  /** The newest invite counts: an older token is void. */
  async newestInvite(tx: Tx, deploymentId: string): Promise<AdminInviteRow | null> {
    return prismaOf<PrismaClient>(tx).adminInvite.findFirst({
      where: { deploymentId },
      orderBy: { createdAt: 'desc' },
    });
  }
}
