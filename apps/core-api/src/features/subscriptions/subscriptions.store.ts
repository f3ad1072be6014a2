import { Injectable } from '@nestjs/common';
import type { Period } from '@biplane/billing-calendar';
import type { Prisma, PrismaClient } from '@biplane/prisma-core';
import { executeSql, prismaOf, querySql, type Tx } from '@biplane/service-kit';
import type { AddonGrant } from '../catalog/index.js';
import type { Subscription } from './subscription.js';

/** What time alone does to a subscription; `$1` is now. */
const DUE = {
  renewal: 'period_end <= $1 AND (ended_at IS NULL OR ended_at > period_end)',
  expiry: 'ended_at <= $1 AND expired_at IS NULL',
  trialEnd: 'trial_ends_at <= $1 AND trial_ended_at IS NULL',
} as const;
export type Due = keyof typeof DUE;

const WITH_ADDONS = { addons: { orderBy: { id: 'asc' as const } } };

@Injectable()
export class SubscriptionsStore {
  async insert(tx: Tx, { period, addons, ...subscription }: Subscription): Promise<void> {
    await prismaOf<PrismaClient>(tx).subscription.create({
      data: {
        ...subscription,
        periodStart: period.from,
        periodEnd: period.to,
        addons: {
          create: addons.map(({ code, grants, ...addon }) => ({
            ...addon,
            addonCode: code,
            grants: grants as unknown as Prisma.InputJsonArray,
          })),
        },
      },
      select: { id: true },
    });
  }

  async ofDeployment(tx: Tx, deploymentId: string): Promise<Subscription | null> {
    const row = await prismaOf<PrismaClient>(tx).subscription.findUnique({
      where: { deploymentId },
      include: WITH_ADDONS,
    });
    return row && toSubscription(row);
  }

  async timeZones(tx: Tx, deploymentIds: readonly string[]): Promise<Map<string, string>> {
    const rows = await prismaOf<PrismaClient>(tx).subscription.findMany({
      where: { deploymentId: { in: [...deploymentIds] } },
      select: { deploymentId: true, timeZone: true },
    });
    return new Map(rows.map(({ deploymentId, timeZone }) => [deploymentId, timeZone]));
  }

  /** Those that had begun before `until` and had not ended before `from`. */
  async ofTenant(tx: Tx, tenantId: string, period: Period): Promise<Subscription[]> {
    const rows = await prismaOf<PrismaClient>(tx).subscription.findMany({
      where: { tenantId, startedAt: { lt: period.to }, OR: [{ endedAt: null }, { endedAt: { gt: period.from } }] },
      include: WITH_ADDONS,
      orderBy: { deploymentId: 'asc' },
    });
    return rows.map(toSubscription);
  }

  /** In the order of their ids, so that one which cannot be carried out never hides those behind it. */
  async dueIds(tx: Tx, due: Due, now: Date, afterId: string | null, take: number): Promise<string[]> {
    const sql = `SELECT id::text AS id FROM subscription WHERE ${DUE[due]} AND ($2::uuid IS NULL OR id > $2::uuid) ORDER BY id LIMIT $3`;
    return (await querySql<{ id: string }>(tx, sql, [now, afterId, take])).map((row) => row.id);
  }

  /** Null when another replica was faster or has it. */
  async lockDue(tx: Tx, due: Due, now: Date, id: string): Promise<Subscription | null> {
    const sql = `SELECT 1 FROM subscription WHERE ${DUE[due]} AND id = $2::uuid FOR UPDATE SKIP LOCKED`;
    if ((await querySql(tx, sql, [now, id])).length === 0) return null;
    const row = await prismaOf<PrismaClient>(tx).subscription.findUnique({ where: { id }, include: WITH_ADDONS });
    return row && toSubscription(row);
  }

  async setPeriod(tx: Tx, id: string, period: Period): Promise<void> {
    const sql = 'UPDATE subscription SET period_start = $2, period_end = $3 WHERE id = $1::uuid';
    await executeSql(tx, sql, [id, period.from, period.to]);
  }

  async setTrialEnded(tx: Tx, id: string, at: Date): Promise<void> {
    await executeSql(tx, 'UPDATE subscription SET trial_ended_at = $2 WHERE id = $1::uuid', [id, at]);
  }

  async setEnd(tx: Tx, deploymentId: string, at: Date): Promise<void> {
    const sql = 'UPDATE subscription SET ended_at = $2 WHERE deployment_id = $1::uuid AND ended_at IS NULL';
    await executeSql(tx, sql, [deploymentId, at]);
  }

  async setExpired(tx: Tx, id: string, at: Date): Promise<void> {
    await executeSql(tx, 'UPDATE subscription SET expired_at = $2 WHERE id = $1::uuid', [id, at]);
  }
}

type Row = Prisma.SubscriptionGetPayload<{ include: { addons: true } }>;

function toSubscription(row: Row): Subscription {
  return {
    id: row.id,
    tenantId: row.tenantId,
    deploymentId: row.deploymentId,
    planCode: row.planCode,
    planVersion: row.planVersion,
    timeZone: row.timeZone,
    startedAt: row.startedAt,
    trialEndsAt: row.trialEndsAt,
    endedAt: row.endedAt,
    period: { from: row.periodStart, to: row.periodEnd },
    addons: row.addons.map((addon) => ({
      id: addon.id,
      code: addon.addonCode,
      name: addon.name,
      resourceKind: addon.resourceKind,
      priceKind: addon.priceKind,
      priceMinor: addon.priceMinor,
      currency: addon.currency,
      units: addon.units.toFixed(),
      grants: addon.grants as unknown as AddonGrant[],
      attachedAt: addon.attachedAt,
      detachedAt: addon.detachedAt,
    })),
  };
}
