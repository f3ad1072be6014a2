import { Injectable } from '@nestjs/common';
import { prismaOf, querySql, type Tx } from '@biplane/service-kit';
import type { PrismaClient } from '@biplane/prisma-core';
import type { TenantMonth } from './invoices.store.js';

/** A computed bill that is kept to be looked at. It is no document: no number, no hash, and it may go again. */
export interface Draft {
  readonly id: string;
  readonly tenantId: string;
  readonly period: string;
  /** JSON of the bill. */
  readonly content: string;
  readonly createdAt: Date;
  readonly computedAt: Date;
}

export interface DraftPosition {
  readonly createdAt: Date;
  readonly id: string;
}

@Injectable()
export class DraftsStore {
  /** The draft of a month is computed anew under the id it has. */
  async put(tx: Tx, draft: Draft): Promise<Draft> {
    const { tenantId, period, content, computedAt } = draft;
    return prismaOf<PrismaClient>(tx).invoiceDraft.upsert({
      where: { tenantId_period: { tenantId, period } },
      create: draft,
      update: { content, computedAt },
    });
  }

  find(tx: Tx, id: string): Promise<Draft | null> {
    return prismaOf<PrismaClient>(tx).invoiceDraft.findUnique({ where: { id } });
  }

  /** Newest first, at most `limit`, behind `after`. */
  list(
    tx: Tx,
    { tenantId, period }: { tenantId?: string | undefined; period?: string | undefined },
    after: DraftPosition | null,
    limit: number,
  ): Promise<Draft[]> {
    return prismaOf<PrismaClient>(tx).invoiceDraft.findMany({
      where: {
        ...(tenantId !== undefined && { tenantId }),
        ...(period !== undefined && { period }),
        ...(after !== null && {
          OR: [{ createdAt: { lt: after.createdAt } }, { createdAt: after.createdAt, id: { lt: after.id } }],
        }),
      },
      orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
      take: limit,
    });
  }

  /** Takes the drafts of these months away, and says which they were. */
  take(tx: Tx, months: readonly TenantMonth[]): Promise<{ id: string; tenantId: string; month: string }[]> {
    return querySql(
      tx,
      `DELETE FROM invoice_draft d USING unnest($1::uuid[], $2::text[]) AS m(tenant_id, period)
       WHERE d.tenant_id = m.tenant_id AND d.period = m.period
       RETURNING d.id::text, d.tenant_id::text AS "tenantId", d.period AS month`,
      [months.map(({ tenantId }) => tenantId), months.map(({ month }) => month)],
    );
  }

  async delete(tx: Tx, id: string): Promise<boolean> {
    return (await prismaOf<PrismaClient>(tx).invoiceDraft.deleteMany({ where: { id } })).count === 1;
  }
}
