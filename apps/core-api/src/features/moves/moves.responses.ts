import { ApiProperty } from '@nestjs/swagger';
import { ApiInstant } from '@biplane/service-kit';
import { REPORT_STEPS, type ReportStep } from './domain/move.js';
import { pauseMsOf, type Move, type MovePhase, type MoveReportRow, type MoveTarget } from './move.js';
import { MOVE_TARGETS } from './moves.dto.js';

export class MoveTableDto {
  @ApiProperty({ example: 'usage_event_key' }) readonly name!: string;
  @ApiProperty({ type: 'integer', example: 12_000 }) readonly rows!: number;
  @ApiProperty({ description: 'Of the rows in any order; equal on both sides' }) readonly checksum!: string;
}

export class MoveReportDto {
  @ApiProperty({ enum: REPORT_STEPS }) readonly step!: ReportStep;
  @ApiProperty({ format: 'uuid' }) readonly homeId!: string;
  @ApiInstant({ nullable: true, description: 'Nothing was written at that home after it' })
  readonly closedThrough!: Date | null;
  @ApiProperty({ type: [MoveTableDto] }) readonly tables!: readonly MoveTableDto[];
  @ApiInstant() readonly receivedAt!: Date;
}

export class MoveDto {
  @ApiProperty({ format: 'uuid' }) readonly operationId!: string;
  @ApiProperty({ enum: MOVE_TARGETS }) readonly to!: MoveTarget;
  @ApiProperty({ enum: ['preparing', 'draining', 'flipped', 'done', 'rolled_back'] }) readonly phase!: MovePhase;
  @ApiProperty({ format: 'uuid' }) readonly fromHomeId!: string;
  @ApiProperty({ format: 'uuid' }) readonly toHomeId!: string;
  @ApiProperty({ type: 'integer', example: 2 }) readonly epoch!: number;
  @ApiProperty({ example: 'https://acme.eu-1.example' }) readonly url!: string;
  @ApiProperty() readonly reason!: string;
  @ApiInstant() readonly createdAt!: Date;
  @ApiInstant({ nullable: true, description: 'From then on writes were refused' }) readonly drainAt!: Date | null;
  @ApiInstant({ nullable: true, description: 'From then on nothing can be undone' }) readonly flippedAt!: Date | null;
  @ApiInstant({ nullable: true, description: 'From then on it could be written again' })
  readonly servedAt!: Date | null;
  @ApiInstant({ nullable: true }) readonly endedAt!: Date | null;
  @ApiProperty({ type: 'integer', nullable: true, description: 'For how long nothing could be written' })
  readonly writePauseMs!: number | null;
  @ApiProperty({ type: [MoveReportDto] }) readonly reports!: readonly MoveReportDto[];
}

export class MovesDto {
  @ApiProperty({ type: [MoveDto], description: 'Newest first' }) readonly data!: readonly MoveDto[];
}

export function moveJson({ move, reports }: { move: Move; reports: readonly MoveReportRow[] }): MoveDto {
  const { operationId, toType, phase, fromHomeId, toHomeId, toEpoch, toUrl, reason } = move;
  const { createdAt, drainAt, flippedAt, servedAt, endedAt } = move;
  return {
    ...{ operationId, to: toType, phase, fromHomeId, toHomeId, epoch: toEpoch, url: toUrl, reason },
    ...{ createdAt, drainAt, flippedAt, servedAt, endedAt, writePauseMs: pauseMsOf(move), reports },
  };
}
