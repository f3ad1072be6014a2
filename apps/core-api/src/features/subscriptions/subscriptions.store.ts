import { Injectable } from '@nestjs/common';
import type { Period } from '@biplane/billing-calendar';
import type { Prisma, PrismaClient } from '@biplane/prisma-core';
import { executeSql, prismaOf, querySql, type Tx } from '@biplane/service-kit';
import type { Actor } from '../audit/index.js';
import type { AddonGrant } from '../catalog/index.js';
import type { PlanAssignment } from './domain/plan-change.js';
import type { Term } from './domain/term.js';
import type { AttachedAddon, Subscription } from './subscription.js';

/** What time alone does to a subscription; `$1` is now. */
const DUE = {
  renewal: 'period_end <= $1 AND (ended_at IS NULL OR ended_at > $1)',
  expiry: 'ended_at <= $1 AND expired_at IS NULL',
  trialEnd: 'trial_ends_at <= $1 AND trial_ended_at IS NULL',
} as const;
export type Due = keyof typeof DUE;

export interface DueSubscription {
  readonly id: string;
  readonly deploymentId: string;
}

export interface SubscriptionFilter {
  readonly tenantId?: string;
  readonly deploymentId?: string;
}

const WHOLE = { addons: { orderBy: { id: 'asc' as const } }, plans: { orderBy: { id: 'asc' as const } } };

@Injectable()
export class SubscriptionsStore {
  async insert(tx: Tx, { period, addons, plans, ...subscription }: Subscription, actor: Actor): Promise<void> {
    await prismaOf<PrismaClient>(tx).subscription.create({
      data: {
        ...subscription,
        periodStart: period.from,
        periodEnd: period.to,
        plans: {
          create: plans.map((plan) => ({ ...plan, reason: 'started', actor: actor.id, at: plan.entitledFrom })),
        },
        addons: {
          create: addons.map(addonRow),
        },
      },
      select: { id: true },
    });
  }

  async ofDeployment(tx: Tx, deploymentId: string): Promise<Subscription | null> {
    const row = await prismaOf<PrismaClient>(tx).subscription.findUnique({
      where: { deploymentId },
      include: WHOLE,
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

  /** In the order of their ids, so that one which cannot be carried out never hides those behind it. */
  due(tx: Tx, due: Due, now: Date, afterId: string | null, take: number): Promise<DueSubscription[]> {
    const sql = `SELECT id::text AS id, deployment_id::text AS "deploymentId" FROM subscription
      WHERE ${DUE[due]} AND ($2::uuid IS NULL OR id > $2::uuid) ORDER BY id LIMIT $3`;
    return querySql<DueSubscription>(tx, sql, [now, afterId, take]);
  }

  /** Null when another replica was faster. */
  async lockDue(tx: Tx, due: Due, now: Date, id: string): Promise<Subscription | null> {
    const sql = `SELECT 1 FROM subscription WHERE ${DUE[due]} AND id = $2::uuid FOR UPDATE`;
    if ((await querySql(tx, sql, [now, id])).length === 0) return null;
    const row = await prismaOf<PrismaClient>(tx).subscription.findUnique({ where: { id }, include: WHOLE });
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
    const sql =
      'UPDATE subscription SET ended_at = $2 WHERE deployment_id = $1::uuid AND (ended_at IS NULL OR ended_at > $2)';
    await executeSql(tx, sql, [deploymentId, at]);
  }

  async find(tx: Tx, id: string): Promise<Subscription | null> {
    const row = await prismaOf<PrismaClient>(tx).subscription.findUnique({ where: { id }, include: WHOLE });
    return row && toSubscription(row);
  }

  async list(tx: Tx, filter: SubscriptionFilter, afterId: string | null, take: number): Promise<Subscription[]> {
    const rows = await prismaOf<PrismaClient>(tx).subscription.findMany({
      where: { ...filter, ...(afterId !== null && { id: { gt: afterId } }) },
      include: WHOLE,
      orderBy: { id: 'asc' },
      take,
    });
    return rows.map(toSubscription);
  }

  /** Holds the row against the jobs, which lock it too. */
  async lock(tx: Tx, id: string): Promise<void> {
    await querySql(tx, 'SELECT 1 FROM subscription WHERE id = $1::uuid FOR UPDATE', [id]);
  }

  async addPlan(
    tx: Tx,
    subscriptionId: string,
    plan: PlanAssignment & { readonly reason: string; readonly actor: string; readonly at: Date },
  ): Promise<void> {
    await prismaOf<PrismaClient>(tx).subscriptionPlan.create({
      data: { ...plan, subscriptionId },
      select: { id: true },
    });
  }

  async addAddon(tx: Tx, subscriptionId: string, addon: AttachedAddon): Promise<void> {
    const data = { ...addonRow(addon), subscriptionId };
    await prismaOf<PrismaClient>(tx).subscriptionAddon.create({ data, select: { id: true } });
  }

  /** Of a snapshot this alone is ever written, once: the database refuses the rest. */
  async detachAddon(tx: Tx, id: string, at: Date): Promise<void> {
    const sql = 'UPDATE subscription_addon SET detached_at = $2 WHERE id = $1::uuid AND detached_at IS NULL';
    await executeSql(tx, sql, [id, at]);
  }

  async setPlan(tx: Tx, id: string, plan: { planCode: string; planVersion: number }): Promise<void> {
    const sql = 'UPDATE subscription SET plan_code = $2, plan_version = $3::int WHERE id = $1::uuid';
    await executeSql(tx, sql, [id, plan.planCode, plan.planVersion]);
  }

  /** An end that lies ahead again is to be carried out again. */
  async setTerm(
    tx: Tx,
    id: string,
    term: Term & { readonly trialEndsAt: Date | null; readonly period: Period },
  ): Promise<void> {
    const sql = `UPDATE subscription SET started_at = $2, ended_at = $3, notice_days = $4::int, grace_days = $5::int,
      trial_ends_at = $6, period_start = $7, period_end = $8,
      expired_at = CASE WHEN ended_at IS DISTINCT FROM $3 THEN NULL ELSE expired_at END WHERE id = $1::uuid`;
    const { startedAt, endedAt, noticeDays, graceDays, trialEndsAt, period } = term;
    await executeSql(tx, sql, [id, startedAt, endedAt, noticeDays, graceDays, trialEndsAt, period.from, period.to]);
  }

  async setExpired(tx: Tx, id: string, at: Date): Promise<void> {
    await executeSql(tx, 'UPDATE subscription SET expired_at = $2 WHERE id = $1::uuid', [id, at]);
  }
}

function addonRow({ code, grants, ...addon }: AttachedAddon) {
  return { ...addon, addonCode: code, grants: grants as unknown as Prisma.InputJsonArray };
}

type Row = Prisma.SubscriptionGetPayload<{ include: { addons: true; plans: true } }>;

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
    noticeDays: row.noticeDays,
    graceDays: row.graceDays,
    period: { from: row.periodStart, to: row.periodEnd },
    plans: row.plans.map(({ planCode, planVersion, entitledFrom, pricedFrom }) => ({
      planCode,
      planVersion,
      entitledFrom,
      pricedFrom,
    })),
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
