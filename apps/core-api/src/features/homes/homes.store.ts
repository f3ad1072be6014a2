import { Injectable } from '@nestjs/common';
import type { Prisma, PrismaClient } from '@biplane/prisma-core';
import { executeSql, prismaOf, querySql, type Tx } from '@biplane/service-kit';
import type { ConditionType, DedicatedHome, DesiredState, HomeCondition, SeenAnnotations } from './domain/home.js';

/** What may change of a home after its creation. */
export interface HomeChange {
  readonly desired?: DesiredState;
  readonly modules?: readonly string[];
  readonly suspendedAt?: Date | null;
  readonly keptRunning?: boolean;
}

export interface SealedToken {
  readonly tokenEncrypted: string;
  readonly tokenHash: string;
}

/** A home with what only the reconciler reads: the sealed token. */
export interface StoredHome extends DedicatedHome {
  readonly tokenEncrypted: string | null;
  readonly tokenHash: string | null;
}

/** What nobody can have seen of it yet is left out. */
type NewlyMade = Omit<DedicatedHome, 'annotations' | 'absentSince' | 'goneAt'>;

@Injectable()
export class HomesStore {
  async insert(tx: Tx, home: NewlyMade, token: SealedToken): Promise<void> {
    const { modules, ...columns } = home;
    await client(tx).dedicatedHome.create({
      data: { ...columns, ...token, modules: [...modules], updatedAt: home.createdAt },
      select: { homeId: true },
    });
  }

  /** Held to the end of the transaction. */
  async lock(tx: Tx, homeId: string): Promise<StoredHome | null> {
    const sql = 'SELECT home_id::text AS id FROM dedicated_home WHERE home_id = $1::uuid FOR UPDATE';
    const rows = await querySql<{ id: string }>(tx, sql, [homeId]);
    return rows[0] ? this.find(tx, rows[0].id) : null;
  }

  async find(tx: Tx, homeId: string): Promise<StoredHome | null> {
    const row = await client(tx).dedicatedHome.findUnique({ where: { homeId } });
    return row && toHome(row);
  }

  /** Those of a deployment that are not gone, the newest epoch first. */
  async ofDeployment(tx: Tx, deploymentId: string): Promise<StoredHome[]> {
    const rows = await client(tx).dedicatedHome.findMany({
      where: { deploymentId, goneAt: null },
      orderBy: [{ epoch: 'desc' }, { createdAt: 'desc' }],
    });
    return rows.map(toHome);
  }

  /** Every home of the regions that is not gone. */
  async present(tx: Tx, regions: readonly string[]): Promise<StoredHome[]> {
    const rows = await client(tx).dedicatedHome.findMany({
      where: { region: { in: [...regions] }, goneAt: null },
      orderBy: { homeId: 'asc' },
    });
    return rows.map(toHome);
  }

  /** Those of the ids that were ever made. */
  async known(tx: Tx, homeIds: readonly string[]): Promise<StoredHome[]> {
    const rows = await client(tx).dedicatedHome.findMany({ where: { homeId: { in: [...homeIds] } } });
    return rows.map(toHome);
  }

  /** Homes that are suspended and run. */
  async toStop(tx: Tx): Promise<StoredHome[]> {
    const rows = await client(tx).dedicatedHome.findMany({
      where: { desired: 'running', keptRunning: false, suspendedAt: { not: null } },
      orderBy: { homeId: 'asc' },
    });
    return rows.map(toHome);
  }

  /** With the next generation. What shall be no more forgets its token. */
  async change(tx: Tx, homeId: string, change: HomeChange, now: Date): Promise<void> {
    const { modules, ...columns } = change;
    const isAbsent = change.desired === 'absent';
    await client(tx).dedicatedHome.update({
      where: { homeId },
      data: {
        ...columns,
        ...(modules && { modules: [...modules] }),
        ...(isAbsent && { tokenEncrypted: null, tokenHash: null, absentSince: now }),
        generation: { increment: 1 },
        updatedAt: now,
      },
      select: { homeId: true },
    });
  }

  async observed(
    tx: Tx,
    homeId: string,
    { generation, settings }: { readonly generation: number; readonly settings: string | null },
    goneAt: Date | null,
  ): Promise<void> {
    await executeSql(
      tx,
      `UPDATE dedicated_home SET observed_generation = greatest(observed_generation, $2::int), gone_at = coalesce(gone_at, $3::timestamptz),
         observed_settings = coalesce($4, observed_settings)
       WHERE home_id = $1::uuid`,
      [homeId, generation, goneAt, settings],
    );
  }

  async saveAnnotations(
    tx: Tx,
    homeId: string,
    { modules, suspendedAt, flaw }: SeenAnnotations,
    since: Date,
  ): Promise<void> {
    await executeSql(
      tx,
      `UPDATE dedicated_home SET observed_modules = $2::text[], observed_suspended_at = $3, annotations_flaw = $4,
         annotations_since = $5 WHERE home_id = $1::uuid`,
      [homeId, modules, suspendedAt, flaw, since],
    );
  }

  async conditions(tx: Tx, homeIds: readonly string[]): Promise<Map<string, HomeCondition[]>> {
    const rows = await client(tx).homeCondition.findMany({
      where: { homeId: { in: [...homeIds] } },
      orderBy: [{ homeId: 'asc' }, { type: 'asc' }],
    });
    const byHome = new Map<string, HomeCondition[]>(homeIds.map((id) => [id, []]));
    for (const { homeId, type, ...rest } of rows) byHome.get(homeId)?.push({ ...rest, type: type as ConditionType });
    return byHome;
  }

  async saveConditions(tx: Tx, homeId: string, conditions: readonly HomeCondition[]): Promise<void> {
    for (const { type, status, reason, message, since } of conditions) {
      await executeSql(
        tx,
        `INSERT INTO home_condition (home_id, type, status, reason, message, since) VALUES ($1::uuid, $2, $3, $4, left($5, 500), $6)
         ON CONFLICT (home_id, type) DO UPDATE SET status = excluded.status, reason = excluded.reason,
           message = excluded.message, since = excluded.since`,
        [homeId, type, status, reason, message, since],
      );
    }
  }

  /** How many homes of the regions stand how, for the metrics. */
  conditionCounts(
    tx: Tx,
    regions: readonly string[],
  ): Promise<{ type: string; status: boolean; reason: string; homes: number }[]> {
    return querySql(
      tx,
      `SELECT c.type, c.status, c.reason, count(*)::int AS homes FROM home_condition c
       JOIN dedicated_home h ON h.home_id = c.home_id WHERE h.gone_at IS NULL AND h.region = ANY($1::text[]) GROUP BY 1, 2, 3`,
      [regions],
    );
  }
}

const client = (tx: Tx) => prismaOf<PrismaClient>(tx);

function toHome(row: Prisma.DedicatedHomeGetPayload<object>): StoredHome {
  const {
    updatedAt: _,
    desired,
    observedModules,
    observedSuspendedAt,
    annotationsFlaw,
    annotationsSince,
    ...home
  } = row;
  const seen = { modules: observedModules, suspendedAt: observedSuspendedAt, flaw: annotationsFlaw };
  const annotations = annotationsSince && { ...seen, since: annotationsSince };
  return { ...home, desired: desired as DesiredState, annotations };
}
