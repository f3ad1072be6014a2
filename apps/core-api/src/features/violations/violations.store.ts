import { Injectable } from '@nestjs/common';
import type { Prisma, PrismaClient } from '@biplane/prisma-core';
import { executeSql, prismaOf, querySql, type Tx } from '@biplane/service-kit';
import type { ViolationState } from './domain/violation.js';
import type { Violation, ViolationFilter, ViolationKey } from './violation.js';

@Injectable()
export class ViolationsStore {
  async find(tx: Tx, id: string): Promise<Violation | null> {
    const row = await prismaOf<PrismaClient>(tx).violation.findUnique({ where: { id } });
    return row && toViolation(row);
  }

  /** Held until the transaction ends, so that what is merged into it is merged one after the other. */
  async lock(tx: Tx, id: string): Promise<Violation | null> {
    await querySql(tx, 'SELECT 1 FROM violation WHERE id = $1::uuid FOR UPDATE', [id]);
    return this.find(tx, id);
  }

  /** Where a report of this id was counted, and how much of it. */
  async counted(
    tx: Tx,
    deploymentId: string,
    reportId: string,
  ): Promise<{ violationId: string; count: number } | null> {
    const row = await prismaOf<PrismaClient>(tx).violationReport.findUnique({
      where: { deploymentId_id: { deploymentId, id: reportId } },
    });
    return row && { violationId: row.violationId, count: Number(row.count) };
  }

  async saveCounted(
    tx: Tx,
    report: { deploymentId: string; reportId: string; violationId: string; count: number },
    now: Date,
  ): Promise<void> {
    await executeSql(
      tx,
      `INSERT INTO violation_report (deployment_id, id, violation_id, count, received_at)
       VALUES ($1::uuid, $2::uuid, $3::uuid, $4, $5)
       ON CONFLICT (deployment_id, id) DO UPDATE SET count = excluded.count WHERE violation_report.count < excluded.count`,
      [report.deploymentId, report.reportId, report.violationId, report.count, now],
    );
  }

  /** The newest resolved one of the key that was still open at the instant: what is told late of it opens no other. */
  async resolvedAfter(tx: Tx, key: ViolationKey, at: Date): Promise<string | null> {
    const rows = await querySql<{ id: string }>(
      tx,
      `SELECT id::text AS id FROM violation
        WHERE deployment_id = $1::uuid AND rule = $2 AND module = $3 AND meter = $4 AND period_start = $5
          AND resolved_at >= $6 ORDER BY resolved_at LIMIT 1`,
      [key.deploymentId, key.rule, key.module, key.meter, key.periodStart, at],
    );
    return rows[0]?.id ?? null;
  }

  /** The id of the open one of the key: this one, when none was open. Waits for whoever opens the same one now. */
  async open(tx: Tx, violation: Violation): Promise<string> {
    const v = violation;
    const rows = await querySql<{ id: string }>(
      tx,
      `INSERT INTO violation AS held (id, tenant_id, deployment_id, rule, severity, kind, module, meter, period_start, threshold,
                                      used, cap, source, detail, license_version, count, first_at, last_at, detected_at)
       VALUES ($1::uuid, $2::uuid, $3::uuid, $4, $5, $6, $7, $8, $9, $10::numeric, $11::numeric, $12::numeric, $13, $14, $15,
               $16, $17, $18, $19)
       ON CONFLICT (deployment_id, rule, module, meter, period_start) WHERE resolved_at IS NULL
         DO UPDATE SET id = held.id
       RETURNING id::text AS id`,
      [
        v.id, v.tenantId, v.deploymentId, v.rule, v.severity, v.kind, v.module, v.meter, v.periodStart, v.threshold,
        v.used, v.cap, v.source, v.detail, v.licenseVersion, v.count, v.firstAt, v.lastAt, v.detectedAt,
      ], // prettier-ignore
    );
    return rows[0]!.id;
  }

  async save(tx: Tx, id: string, state: ViolationState): Promise<void> {
    await executeSql(
      tx,
      `UPDATE violation SET severity = $2, kind = $3, threshold = $4::numeric, used = $5::numeric, cap = $6::numeric,
              license_version = $7, count = $8, first_at = $9, last_at = $10 WHERE id = $1::uuid`,
      [
        id, state.severity, state.kind, state.threshold, state.used, state.cap, state.licenseVersion, state.count,
        state.firstAt, state.lastAt,
      ], // prettier-ignore
    );
  }

  async resolve(tx: Tx, id: string, by: { at: Date; by: string; reason: string }): Promise<void> {
    await executeSql(
      tx,
      `UPDATE violation SET resolved_at = $2, resolved_by = $3, resolved_reason = $4 WHERE id = $1::uuid AND resolved_at IS NULL`,
      [id, by.at, by.by, by.reason],
    );
  }

  /** Newest first. */
  async list(tx: Tx, filter: ViolationFilter, beforeId: string | null, take: number): Promise<Violation[]> {
    const { open, from, to, ...equal } = filter;
    const where: Prisma.ViolationWhereInput = {
      ...equal,
      ...(open !== undefined && { resolvedAt: open ? null : { not: null } }),
      ...(beforeId !== null && { id: { lt: beforeId } }),
      ...((from ?? to) && { firstAt: { ...(from && { gte: from }), ...(to && { lt: to }) } }),
    };
    const rows = await prismaOf<PrismaClient>(tx).violation.findMany({ where, orderBy: { id: 'desc' }, take });
    return rows.map(toViolation);
  }
}

type Row = Prisma.ViolationGetPayload<object>;

function toViolation(row: Row): Violation {
  return {
    ...row,
    severity: row.severity as Violation['severity'],
    kind: row.kind as Violation['kind'],
    source: row.source as Violation['source'],
    threshold: row.threshold?.toFixed() ?? null,
    used: row.used?.toFixed() ?? null,
    cap: row.cap?.toFixed() ?? null,
    count: Number(row.count),
  };
}
