import { Injectable } from '@nestjs/common';
import { executeSql, querySql, type Tx } from '@biplane/service-kit';
import type { ReportStep } from './domain/move.js';
import type { Move, MovePhase, MoveReportRow } from './move.js';

export type NewMove = Omit<Move, 'phase' | 'drainAt' | 'flippedAt' | 'servedAt' | 'endedAt'>;

const COLUMNS = `operation_id::text AS "operationId", tenant_id::text AS "tenantId", deployment_id::text AS "deploymentId",
  to_type AS "toType", from_home_id::text AS "fromHomeId", to_home_id::text AS "toHomeId", to_epoch AS "toEpoch",
  to_url AS "toUrl", reason, phase, created_at AS "createdAt", drain_at AS "drainAt", flipped_at AS "flippedAt",
  served_at AS "servedAt", ended_at AS "endedAt"`;

@Injectable()
export class MovesStore {
  async insert(tx: Tx, move: NewMove): Promise<void> {
    const { operationId, tenantId, deploymentId, toType, fromHomeId, toHomeId, toEpoch, toUrl, reason, createdAt } =
      move;
    await executeSql(
      tx,
      `INSERT INTO move (operation_id, tenant_id, deployment_id, to_type, from_home_id, to_home_id, to_epoch, to_url, reason,
                         phase, created_at)
       VALUES ($1::uuid, $2::uuid, $3::uuid, $4, $5::uuid, $6::uuid, $7, $8, $9, 'preparing', $10)`,
      [operationId, tenantId, deploymentId, toType, fromHomeId, toHomeId, toEpoch, toUrl, reason, createdAt],
    );
  }

  /** The one that is neither done nor undone; there is never another beside it. */
  async underWay(tx: Tx, deploymentId: string): Promise<Move | null> {
    const [row] = await querySql<Move>(
      tx,
      `SELECT ${COLUMNS} FROM move
        WHERE deployment_id = $1::uuid AND phase IN ('preparing', 'draining', 'flipped')`,
      [deploymentId],
    );
    return row ?? null;
  }

  async find(tx: Tx, operationId: string): Promise<Move | null> {
    const [row] = await querySql<Move>(tx, `SELECT ${COLUMNS} FROM move WHERE operation_id = $1::uuid`, [operationId]);
    return row ?? null;
  }

  async ofEpoch(tx: Tx, deploymentId: string, toEpoch: number): Promise<Move | null> {
    const [row] = await querySql<Move>(
      tx,
      `SELECT ${COLUMNS} FROM move WHERE deployment_id = $1::uuid AND to_epoch = $2`,
      [deploymentId, toEpoch],
    );
    return row ?? null;
  }

  /** Newest first. */
  ofDeployment(tx: Tx, deploymentId: string, take: number): Promise<Move[]> {
    return querySql<Move>(
      tx,
      `SELECT ${COLUMNS} FROM move WHERE deployment_id = $1::uuid ORDER BY to_epoch DESC LIMIT $2`,
      [deploymentId, take],
    );
  }

  /** The highest epoch that any move of the deployment was given; 0 before the first. */
  async lastEpoch(tx: Tx, deploymentId: string): Promise<number> {
    const sql = 'SELECT coalesce(max(to_epoch), 0)::int AS epoch FROM move WHERE deployment_id = $1::uuid';
    return (await querySql<{ epoch: number }>(tx, sql, [deploymentId]))[0]?.epoch ?? 0;
  }

  async enter(tx: Tx, operationId: string, phase: MovePhase, at: Date): Promise<void> {
    await executeSql(
      tx,
      `UPDATE move SET phase = $2::text,
              drain_at = CASE WHEN $2::text = 'draining' THEN $3::timestamptz ELSE drain_at END,
              flipped_at = CASE WHEN $2::text = 'flipped' THEN $3::timestamptz ELSE flipped_at END,
              served_at = CASE WHEN $2::text = 'rolled_back' AND drain_at IS NOT NULL THEN $3::timestamptz ELSE served_at END,
              ended_at = CASE WHEN $2::text IN ('done', 'rolled_back') THEN $3::timestamptz ELSE ended_at END
        WHERE operation_id = $1::uuid`,
      [operationId, phase, at],
    );
  }

  async setServed(tx: Tx, operationId: string, at: Date): Promise<void> {
    await executeSql(tx, 'UPDATE move SET served_at = $2 WHERE operation_id = $1::uuid AND served_at IS NULL', [
      operationId,
      at,
    ]);
  }

  /** True when nobody had said it before: the first word of a step stays. */
  async addReport(tx: Tx, deploymentId: string, toEpoch: number, report: MoveReportRow): Promise<boolean> {
    const { step, homeId, closedThrough, tables, receivedAt } = report;
    const added = await executeSql(
      tx,
      `INSERT INTO move_step_report (deployment_id, to_epoch, step, home_id, closed_through, tables, received_at)
       VALUES ($1::uuid, $2, $3, $4::uuid, $5, $6::jsonb, $7) ON CONFLICT DO NOTHING`,
      [deploymentId, toEpoch, step, homeId, closedThrough, JSON.stringify(tables), receivedAt],
    );
    return added === 1;
  }

  async reports(tx: Tx, deploymentId: string, toEpoch: number): Promise<MoveReportRow[]> {
    return querySql<MoveReportRow & { step: ReportStep }>(
      tx,
      `SELECT step, home_id::text AS "homeId", closed_through AS "closedThrough", tables, received_at AS "receivedAt"
         FROM move_step_report WHERE deployment_id = $1::uuid AND to_epoch = $2 ORDER BY received_at, step`,
      [deploymentId, toEpoch],
    );
  }
}
