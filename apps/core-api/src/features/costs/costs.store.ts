import { Injectable } from '@nestjs/common';
import type { PrismaClient } from '@biplane/prisma-core';
import { prismaOf, querySql, type Tx } from '@biplane/service-kit';

export interface CostRow {
  readonly id: string;
  readonly provider: string;
  readonly lineId: string;
  readonly contentHash: string;
  readonly period: string;
  readonly resourceKind: string;
  readonly tenantId: string | null;
  readonly deploymentId: string | null;
  readonly description: string | null;
  readonly currency: string;
  readonly amountMinor: bigint;
  readonly importedAt: Date;
}

export interface CostFilter {
  readonly period?: string | undefined;
  readonly provider?: string | undefined;
  readonly deploymentId?: string | undefined;
}

@Injectable()
export class CostsStore {
  /** The ids of those that are new; of two imports at once the second waits for the first. One statement for all of them. */
  async insert(tx: Tx, rows: readonly CostRow[]): Promise<Set<string>> {
    const inserted = await querySql<{ id: string }>(
      tx,
      `INSERT INTO cost_line (id, provider, line_id, content_hash, period, resource_kind, tenant_id, deployment_id, description,
         currency, amount_minor, imported_at)
       SELECT "id", "provider", "lineId", "contentHash", "period", "resourceKind", "tenantId", "deploymentId", "description",
         "currency", "amountMinor", "importedAt"
       FROM json_to_recordset($1::text::json) AS r("id" uuid, "provider" text, "lineId" text, "contentHash" text, "period" text,
         "resourceKind" text, "tenantId" uuid, "deploymentId" uuid, "description" text, "currency" text, "amountMinor" bigint,
         "importedAt" timestamptz)
       ORDER BY "provider", "lineId"
       ON CONFLICT (provider, line_id) DO NOTHING RETURNING id::text`,
      [JSON.stringify(rows.map((row) => ({ ...row, amountMinor: String(row.amountMinor) })))],
    );
    return new Set(inserted.map(({ id }) => id));
  }

  /** Content hashes of what is there, by provider and line id. */
  async hashes(tx: Tx, keys: readonly { provider: string; lineId: string }[]): Promise<Map<string, string>> {
    const rows = await querySql<{ provider: string; lineId: string; hash: string }>(
      tx,
      `SELECT provider, line_id AS "lineId", content_hash AS hash FROM cost_line
       WHERE (provider, line_id) IN (SELECT * FROM unnest($1::text[], $2::text[]))`,
      [keys.map(({ provider }) => provider), keys.map(({ lineId }) => lineId)],
    );
    return new Map(rows.map(({ provider, lineId, hash }) => [`${provider} ${lineId}`, hash]));
  }

  /** Newest first. */
  async list(tx: Tx, filter: CostFilter, beforeId: string | null, take: number): Promise<CostRow[]> {
    const { period, provider, deploymentId } = filter;
    return prismaOf<PrismaClient>(tx).costLine.findMany({
      where: {
        ...(period !== undefined && { period }),
        ...(provider !== undefined && { provider }),
        ...(deploymentId !== undefined && { deploymentId }),
        ...(beforeId !== null && { id: { lt: beforeId } }),
      },
      orderBy: { id: 'desc' },
      take,
    });
  }
}
