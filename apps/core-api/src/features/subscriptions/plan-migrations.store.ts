import { Injectable } from '@nestjs/common';
import type { PrismaClient } from '@biplane/prisma-core';
import { executeSql, prismaOf, querySql, type Tx } from '@biplane/service-kit';
import type { PlanMigration } from './domain/plan-migration.js';

export interface ParkedSubscription {
  readonly subscriptionId: string;
  readonly code: string;
  readonly detail: string;
  readonly at: Date;
}

/** Of those whose plan was decided last: on one of the versions, and not ended. `$1` code, `$2` versions, `$3` now. */
const CANDIDATES = `FROM subscription s JOIN LATERAL (
    SELECT plan_code, plan_version FROM subscription_plan WHERE subscription_id = s.id ORDER BY id DESC LIMIT 1
  ) latest ON latest.plan_code = $1 AND latest.plan_version = ANY($2::int[])
  WHERE (s.ended_at IS NULL OR s.ended_at > $3)`;

type Versions = Pick<PlanMigration, 'planCode' | 'fromVersions'>;

@Injectable()
export class PlanMigrationsStore {
  /** False when another one of the plan is running: decided by the unique index, without poisoning the transaction. */
  async insert(tx: Tx, migration: PlanMigration): Promise<boolean> {
    const { fromVersions, ...row } = migration;
    const data = { ...row, fromVersions: [...fromVersions] };
    const { count } = await prismaOf<PrismaClient>(tx).planMigration.createMany({ data, skipDuplicates: true });
    return count === 1;
  }

  async find(tx: Tx, id: string): Promise<PlanMigration | null> {
    return (await prismaOf<PrismaClient>(tx).planMigration.findUnique({ where: { id } })) as PlanMigration | null;
  }

  async runningOf(tx: Tx, planCode: string): Promise<PlanMigration | null> {
    const where = { planCode, state: 'running' };
    return (await prismaOf<PrismaClient>(tx).planMigration.findFirst({ where })) as PlanMigration | null;
  }

  async running(tx: Tx): Promise<PlanMigration[]> {
    const rows = await prismaOf<PrismaClient>(tx).planMigration.findMany({ where: { state: 'running' } });
    return rows as PlanMigration[];
  }

  /** The first ones by the time at which they were parked, at most `take`. */
  async parked(tx: Tx, migrationId: string, take: number): Promise<ParkedSubscription[]> {
    return prismaOf<PrismaClient>(tx).planMigrationParked.findMany({
      where: { migrationId },
      orderBy: [{ at: 'asc' }, { subscriptionId: 'asc' }],
      take,
      omit: { migrationId: true },
    });
  }

  async countParked(tx: Tx, migrationId: string): Promise<number> {
    return prismaOf<PrismaClient>(tx).planMigrationParked.count({ where: { migrationId } });
  }

  async countCandidates(tx: Tx, { planCode, fromVersions }: Versions, now: Date): Promise<number> {
    const sql = `SELECT count(*)::int AS count ${CANDIDATES}`;
    return (await querySql<{ count: number }>(tx, sql, [planCode, [...fromVersions], now]))[0]!.count;
  }

  async candidates(
    tx: Tx,
    { planCode, fromVersions }: Versions,
    now: Date,
    afterId: string | null,
    take: number,
  ): Promise<string[]> {
    const sql = `SELECT s.id::text AS id ${CANDIDATES} AND ($4::uuid IS NULL OR s.id > $4::uuid) ORDER BY s.id LIMIT $5`;
    const rows = await querySql<{ id: string }>(tx, sql, [planCode, [...fromVersions], now, afterId, take]);
    return rows.map(({ id }) => id);
  }

  async countMigrated(tx: Tx, id: string): Promise<void> {
    await executeSql(tx, 'UPDATE plan_migration SET migrated = migrated + 1 WHERE id = $1::uuid', [id]);
  }

  /** Counted once, whoever comes to it and how often. */
  async skip(tx: Tx, id: string, subscriptionId: string): Promise<void> {
    const sql = `WITH added AS (
        INSERT INTO plan_migration_skipped (migration_id, subscription_id) VALUES ($1::uuid, $2::uuid)
        ON CONFLICT DO NOTHING RETURNING migration_id)
      UPDATE plan_migration m SET skipped = skipped + 1 FROM added WHERE m.id = added.migration_id`;
    await executeSql(tx, sql, [id, subscriptionId]);
  }

  async park(tx: Tx, migrationId: string, { subscriptionId, code, detail, at }: ParkedSubscription): Promise<void> {
    const sql = `INSERT INTO plan_migration_parked (migration_id, subscription_id, code, detail, at)
      VALUES ($1::uuid, $2::uuid, $3, $4, $5) ON CONFLICT DO NOTHING`;
    await executeSql(tx, sql, [migrationId, subscriptionId, code, detail, at]);
  }

  async saveProgress(tx: Tx, id: string, afterId: string): Promise<void> {
    const sql = `UPDATE plan_migration SET after_id = $2::uuid
      WHERE id = $1::uuid AND state = 'running' AND (after_id IS NULL OR after_id < $2::uuid)`;
    await executeSql(tx, sql, [id, afterId]);
  }

  /** False when another replica was faster. */
  async end(tx: Tx, id: string, at: Date): Promise<boolean> {
    const sql = `UPDATE plan_migration SET state = 'done', ended_at = $2 WHERE id = $1::uuid AND state = 'running'`;
    return (await executeSql(tx, sql, [id, at])) === 1;
  }
}
