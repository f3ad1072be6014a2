import { Injectable } from '@nestjs/common';
import type { Prisma, PrismaClient } from '@biplane/prisma-core';
import { executeSql, prismaOf, querySql, type Tx } from '@biplane/service-kit';
import type { PlanVersionContent } from './domain/plan-version.js';

export interface PlanHead {
  readonly code: string;
  readonly name: string;
  readonly tier: string;
  readonly rank: number;
  readonly description: string;
}

export interface PlanVersionRow {
  readonly planCode: string;
  readonly version: number;
  readonly state: 'draft' | 'published';
  readonly content: PlanVersionContent;
  readonly createdAt: Date;
  readonly publishedAt: Date | null;
}

@Injectable()
export class PlansStore {
  async insertPlan(tx: Tx, plan: PlanHead, now: Date): Promise<boolean> {
    const result = await prismaOf<PrismaClient>(tx).plan.createMany({
      data: { ...plan, createdAt: now },
      skipDuplicates: true,
    });
    return result.count === 1;
  }

  async plan(tx: Tx, code: string): Promise<PlanHead | null> {
    const row = await prismaOf<PrismaClient>(tx).plan.findUnique({ where: { code } });
    return row && { code: row.code, name: row.name, tier: row.tier, rank: row.rank, description: row.description };
  }

  async plans(tx: Tx, afterCode: string | null, take: number): Promise<PlanHead[]> {
    return prismaOf<PrismaClient>(tx).plan.findMany({
      ...(afterCode !== null && { where: { code: { gt: afterCode } } }),
      orderBy: { code: 'asc' },
      take,
      omit: { createdAt: true },
    });
  }

  /** Serializes authors of one plan, so that version numbers have no gaps and no race. */
  async lockPlan(tx: Tx, code: string): Promise<boolean> {
    // Not the row itself: the role may not change a plan, so it may not lock one either.
    const lock = `SELECT 1 FROM (SELECT pg_advisory_xact_lock(hashtextextended('plan:' || $1, 0))) locked`;
    await querySql(tx, lock, [code]);
    return (await querySql(tx, 'SELECT 1 FROM plan WHERE code = $1', [code])).length === 1;
  }

  async versions(tx: Tx, codes: readonly string[]): Promise<PlanVersionRow[]> {
    const rows = await prismaOf<PrismaClient>(tx).planVersion.findMany({
      where: { planCode: { in: [...codes] } },
      orderBy: [{ planCode: 'asc' }, { version: 'asc' }],
    });
    return rows as unknown as PlanVersionRow[];
  }

  async version(tx: Tx, planCode: string, version: number): Promise<PlanVersionRow | null> {
    const row = await prismaOf<PrismaClient>(tx).planVersion.findUnique({
      where: { planCode_version: { planCode, version } },
    });
    return row as unknown as PlanVersionRow | null;
  }

  async publishedVersions(
    tx: Tx,
    refs: readonly { readonly planCode: string; readonly planVersion: number }[],
  ): Promise<(PlanVersionRow & { plan: PlanHead })[]> {
    const rows = await prismaOf<PrismaClient>(tx).planVersion.findMany({
      where: { state: 'published', OR: refs.map(({ planCode, planVersion: version }) => ({ planCode, version })) },
      include: { plan: { omit: { createdAt: true } } },
    });
    return rows as unknown as (PlanVersionRow & { plan: PlanHead })[];
  }

  async newestPublished(tx: Tx, planCode: string): Promise<PlanVersionRow | null> {
    const row = await prismaOf<PrismaClient>(tx).planVersion.findFirst({
      where: { planCode, state: 'published' },
      orderBy: { version: 'desc' },
    });
    return row as unknown as PlanVersionRow | null;
  }

  async insertVersion(
    tx: Tx,
    row: { planCode: string; version: number; content: PlanVersionContent; contentHash: string },
    now: Date,
  ): Promise<void> {
    await prismaOf<PrismaClient>(tx).planVersion.create({
      data: { ...row, content: row.content as unknown as Prisma.InputJsonObject, state: 'draft', createdAt: now },
      select: { version: true },
    });
  }

  /** False when it is not a draft (any more). */
  async publish(tx: Tx, planCode: string, version: number, now: Date): Promise<boolean> {
    const sql = `UPDATE plan_version SET state = 'published', published_at = $3 WHERE plan_code = $1 AND version = $2 AND state = 'draft'`;
    return (await executeSql(tx, sql, [planCode, version, now])) === 1;
  }
}
