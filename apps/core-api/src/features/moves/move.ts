import type { ReportStep, TableWord } from './domain/move.js';

export type MoveTarget = 'shared' | 'container_per_tenant';
export type MovePhase = 'preparing' | 'draining' | 'flipped' | 'done' | 'rolled_back';

export interface Move {
  readonly operationId: string;
  readonly tenantId: string;
  readonly deploymentId: string;
  readonly toType: MoveTarget;
  readonly fromHomeId: string;
  readonly toHomeId: string;
  readonly toEpoch: number;
  readonly toUrl: string;
  readonly reason: string;
  readonly phase: MovePhase;
  readonly createdAt: Date;
  readonly drainAt: Date | null;
  readonly flippedAt: Date | null;
  readonly servedAt: Date | null;
  readonly endedAt: Date | null;
}

export interface MoveReportRow {
  readonly step: ReportStep;
  readonly homeId: string;
  readonly closedThrough: Date | null;
  readonly tables: readonly TableWord[];
  readonly receivedAt: Date;
}

/** For how long nothing could be written; null while that is not known, or nothing was drained. */
export function pauseMsOf({ drainAt, servedAt }: Pick<Move, 'drainAt' | 'servedAt'>): number | null {
  return drainAt === null || servedAt === null ? null : Math.max(0, servedAt.getTime() - drainAt.getTime());
}
