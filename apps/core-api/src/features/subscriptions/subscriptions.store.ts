import { Injectable } from '@nestjs/common';
import type { Period } from '@biplane/billing-calendar';
import type { Prisma, PrismaClient } from '@biplane/prisma-core';
import { executeSql, prismaOf, querySql, type Tx } from '@biplane/service-kit';
import type { AddonGrant } from '../catalog/index.js';
import type { Subscription } from './subscription.js';

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

  /** Those that had begun before `until` and had not ended before `from`. */
  async ofTenant(tx: Tx, tenantId: string, period: Period): Promise<Subscription[]> {
    const rows = await prismaOf<PrismaClient>(tx).subscription.findMany({
      where: { tenantId, startedAt: { lt: period.to }, OR: [{ endedAt: null }, { endedAt: { gt: period.from } }] },
      include: WITH_ADDONS,
      orderBy: { deploymentId: 'asc' },
    });
    return rows.map(toSubscription);
  }

  /** Takes some whose period is over; other replicas skip them. */
  async lockDueRenewals(tx: Tx, now: Date, take: number): Promise<Subscription[]> {
    const sql = `SELECT id FROM subscription WHERE period_end <= $1 AND (ended_at IS NULL OR ended_at > period_end)
      ORDER BY period_end LIMIT $2 FOR UPDATE SKIP LOCKED`;
    return this.lockedBy(tx, await querySql<{ id: string }>(tx, sql, [now, take]));
  }

  async lockDueExpiries(tx: Tx, now: Date, take: number): Promise<Subscription[]> {
    const sql = `SELECT id FROM subscription WHERE ended_at <= $1 AND expired_at IS NULL
      ORDER BY ended_at LIMIT $2 FOR UPDATE SKIP LOCKED`;
    return this.lockedBy(tx, await querySql<{ id: string }>(tx, sql, [now, take]));
  }

  async lockDueTrials(tx: Tx, now: Date, take: number): Promise<Subscription[]> {
    const sql = `SELECT id FROM subscription WHERE trial_ends_at <= $1 AND trial_ended_at IS NULL
      ORDER BY trial_ends_at LIMIT $2 FOR UPDATE SKIP LOCKED`;
    return this.lockedBy(tx, await querySql<{ id: string }>(tx, sql, [now, take]));
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

  private async lockedBy(tx: Tx, ids: readonly { id: string }[]): Promise<Subscription[]> {
    if (ids.length === 0) return [];
    const rows = await prismaOf<PrismaClient>(tx).subscription.findMany({
      where: { id: { in: ids.map(({ id }) => id) } },
      include: WITH_ADDONS,
    });
    return rows.map(toSubscription);
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
