import { Injectable } from '@nestjs/common';
import { parseDecimal, orThrow, type Decimal } from '@biplane/kernel';
import type { PrismaClient } from '@biplane/prisma-core';
import { executeSql, prismaOf, type Tx } from '@biplane/service-kit';

export interface Pool {
  readonly homeId: string;
  readonly url: string;
}

export interface Region {
  readonly code: string;
  readonly residency: string;
  readonly pools: readonly Pool[];
  readonly thresholds: { readonly members: number; readonly storageGb: Decimal; readonly requestsPerDay: Decimal };
  readonly isolatingCompliance: readonly string[];
  readonly domain: string;
}

export interface Home {
  readonly homeId: string;
  readonly region: string;
  readonly kind: 'shared' | 'dedicated';
  readonly url: string;
}

type RegionWrite = Omit<Region, 'thresholds' | 'pools'> & {
  readonly thresholds: { readonly members: number; readonly storageGb: string; readonly requestsPerDay: string };
};

@Injectable()
export class RegionsStore {
  async list(tx: Tx): Promise<Region[]> {
    const rows = await prismaOf<PrismaClient>(tx).region.findMany({ include: ACTIVE_POOLS, orderBy: { code: 'asc' } });
    return rows.map(toRegion);
  }

  async find(tx: Tx, code: string): Promise<Region | null> {
    const row = await prismaOf<PrismaClient>(tx).region.findUnique({ where: { code }, include: ACTIVE_POOLS });
    return row && toRegion(row);
  }

  /** The same, as it stays until the end of the transaction. */
  async locked(tx: Tx, code: string): Promise<Region | null> {
    await executeSql(tx, 'SELECT 1 FROM region WHERE code = $1 FOR UPDATE', [code]);
    return this.find(tx, code);
  }

  async save(tx: Tx, region: RegionWrite, now: Date): Promise<void> {
    const data = {
      residency: region.residency,
      membersMax: region.thresholds.members,
      storageGbMax: region.thresholds.storageGb,
      requestsPerDayMax: region.thresholds.requestsPerDay,
      isolatingCompliance: [...region.isolatingCompliance],
      domain: region.domain,
      updatedAt: now,
    };
    await prismaOf<PrismaClient>(tx).region.upsert({
      where: { code: region.code },
      create: { ...data, code: region.code, createdAt: now },
      update: data,
    });
  }

  /**
   * Makes the given pool the only active one of its region; a pool that was left keeps its row and its deployments. False
   * when the home is not this region's to take.
   */
  async savePool(tx: Tx, region: string, pool: Pool | null, now: Date): Promise<boolean> {
    await executeSql(
      tx,
      `UPDATE home SET active = false WHERE region_code = $1 AND kind = 'shared' AND active AND id IS DISTINCT FROM $2::uuid`,
      [region, pool?.homeId ?? null],
    );
    return pool === null || this.saveHome(tx, { homeId: pool.homeId, region, kind: 'shared', url: pool.url }, now);
  }

  /** False when the home is another region's, or of the other kind: the row decides, not what was read before. */
  async saveHome(tx: Tx, home: Home, now: Date): Promise<boolean> {
    const rows = await executeSql(
      tx,
      `INSERT INTO home (id, region_code, kind, url, active, created_at) VALUES ($1::uuid, $2, $3, $4, true, $5)
       ON CONFLICT (id) DO UPDATE SET url = excluded.url, active = true
       WHERE home.region_code = excluded.region_code AND home.kind = excluded.kind`,
      [home.homeId, home.region, home.kind, home.url, now],
    );
    return rows === 1;
  }

  async home(tx: Tx, homeId: string): Promise<Home | null> {
    const row = await prismaOf<PrismaClient>(tx).home.findUnique({ where: { id: homeId } });
    return row && { homeId: row.id, region: row.regionCode, kind: row.kind as Home['kind'], url: row.url };
  }
}

const ACTIVE_POOLS = { homes: { where: { kind: 'shared', active: true }, orderBy: { id: 'asc' as const } } };

interface RegionRow {
  code: string;
  residency: string;
  membersMax: number;
  storageGbMax: { toFixed(): string };
  requestsPerDayMax: { toFixed(): string };
  isolatingCompliance: string[];
  domain: string;
  homes: { id: string; url: string }[];
}

function toRegion(row: RegionRow): Region {
  return {
    code: row.code,
    residency: row.residency,
    pools: row.homes.map((home) => ({ homeId: home.id, url: home.url })),
    thresholds: {
      members: row.membersMax,
      storageGb: orThrow(parseDecimal(row.storageGbMax.toFixed())),
      requestsPerDay: orThrow(parseDecimal(row.requestsPerDayMax.toFixed())),
    },
    isolatingCompliance: row.isolatingCompliance,
    domain: row.domain,
  };
}
