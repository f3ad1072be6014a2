import { Injectable } from '@nestjs/common';
import { Prisma, type PrismaClient } from '@biplane/prisma-core';
import { executeSql, prismaOf, type Tx } from '@biplane/service-kit';

export interface AuditRow {
  readonly at: Date;
  readonly actor: string;
  readonly requestId: string | null;
  readonly action: string;
  readonly objectType: string;
  readonly objectId: string;
  readonly tenantId: string | null;
  readonly before: unknown;
  readonly after: unknown;
  readonly reason: string | null;
}

export interface AuditFilter {
  readonly actor?: string | undefined;
  readonly action?: string | undefined;
  readonly objectType?: string | undefined;
  readonly objectId?: string | undefined;
  readonly tenantId?: string | undefined;
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
}

@Injectable()
export class AuditStore {
  async insert(tx: Tx, row: AuditRow): Promise<void> {
    await prismaOf<PrismaClient>(tx).auditEntry.create({ data: dataOf(row), select: { id: true } });
  }

  /** In this order, as one parameter: to bind every value of hundreds of rows takes several times as long. */
  async insertAll(tx: Tx, rows: readonly AuditRow[]): Promise<void> {
    await executeSql(
      tx,
      `INSERT INTO audit_entry (at, actor, request_id, action, object_type, object_id, tenant_id, before, after, reason)
       SELECT at, actor, request_id, action, object_type, object_id, tenant_id, before, after, reason
         FROM ROWS FROM (json_to_recordset($1::text::json) AS ("at" timestamptz, "actor" text, "requestId" text, "action" text,
           "objectType" text, "objectId" text, "tenantId" uuid, "before" jsonb, "after" jsonb, "reason" text)) WITH ORDINALITY
           AS r(at, actor, request_id, action, object_type, object_id, tenant_id, before, after, reason, position)
        ORDER BY position`,
      [JSON.stringify(rows)],
    );
  }

  /** Newest first; `beforeId` is the id of the last row of the page before. */
  async list(
    tx: Tx,
    filter: AuditFilter,
    limit: number,
    beforeId: bigint | null,
  ): Promise<(AuditRow & { id: bigint })[]> {
    const { from, to, ...equal } = filter;
    return prismaOf<PrismaClient>(tx).auditEntry.findMany({
      where: {
        ...equal,
        ...(beforeId !== null && { id: { lt: beforeId } }),
        ...((from || to) && { at: { ...(from && { gte: from }), ...(to && { lt: to }) } }),
      },
      orderBy: { id: 'desc' },
      take: limit,
    });
  }
}

function dataOf(row: AuditRow) {
  const json = (value: unknown) => (value === null ? Prisma.DbNull : (value as Prisma.InputJsonValue));
  return { ...row, before: json(row.before), after: json(row.after) };
}
