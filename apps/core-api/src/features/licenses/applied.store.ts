import { Injectable } from '@nestjs/common';
import type { Prisma, PrismaClient } from '@biplane/prisma-core';
import { executeSql, prismaOf, querySql, type Tx } from '@biplane/service-kit';
import type { AppliedReport, DatabaseState } from './domain/merge-applied.js';

export interface StoredReport extends AppliedReport {
  readonly deploymentId: string;
  readonly homeId: string;
  readonly receivedAt: Date;
}

/** What homes said about deployments, and what broke a rule. */
@Injectable()
export class AppliedStore {
  async ofDeployment(tx: Tx, deploymentId: string): Promise<StoredReport[]> {
    const rows = await prismaOf<PrismaClient>(tx).licenseApplied.findMany({
      where: { deploymentId },
      orderBy: { epoch: 'asc' },
    });
    return rows.map(toReport);
  }

  /** The report of one home, locked: what arrives meanwhile waits and is merged with what is decided here. */
  async lock(tx: Tx, deploymentId: string, homeId: string): Promise<StoredReport | null> {
    const lock = `SELECT 1 FROM (SELECT pg_advisory_xact_lock(hashtextextended('applied:' || $1 || $2, 0))) locked`;
    await querySql(tx, lock, [deploymentId, homeId]);
    const row = await prismaOf<PrismaClient>(tx).licenseApplied.findUnique({
      where: { deploymentId_homeId: { deploymentId, homeId } },
    });
    return row && toReport(row);
  }

  async save(tx: Tx, report: StoredReport): Promise<void> {
    const data = { ...report, licenseVersion: BigInt(report.licenseVersion) };
    await prismaOf<PrismaClient>(tx).licenseApplied.upsert({
      where: { deploymentId_homeId: { deploymentId: report.deploymentId, homeId: report.homeId } },
      create: data,
      update: data,
      select: { homeId: true },
    });
  }

  /** One row per content, however often it comes. */
  async quarantine(
    tx: Tx,
    entry: { contentHash: string; topic: string; type: string; reason: string; record: unknown },
    now: Date,
  ): Promise<void> {
    const { contentHash, topic, type, reason } = entry;
    await executeSql(
      tx,
      `INSERT INTO license_quarantine (content_hash, topic, type, reason, record, count, first_at, last_at)
       VALUES ($1, $2, $3, $4, $5::text::jsonb, 1, $6, $6)
       ON CONFLICT (content_hash) DO UPDATE SET count = license_quarantine.count + 1, last_at = excluded.last_at`,
      [contentHash, topic, type, reason, JSON.stringify(entry.record), now],
    );
  }
}

type Row = Prisma.LicenseAppliedGetPayload<object>;

function toReport(row: Row): StoredReport {
  return { ...row, licenseVersion: Number(row.licenseVersion), databaseState: row.databaseState as DatabaseState };
}
