import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, IsString, Matches } from 'class-validator';
import type { Recount } from './usage-reconciler.service.js';
import type { UsageAdjustment } from './reconcile.store.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** All of them stand in the table; an answer shows the first. */
const SHOWN_MAX = 200;

export class ReconcileRequest {
  @ApiPropertyOptional({ format: 'uuid', description: 'Every deployment when absent' })
  @IsOptional()
  @IsString()
  @Matches(UUID, { message: 'deploymentId must be a UUID in lower case' })
  deploymentId?: string;
}

export class UsageAdjustmentResponse {
  @ApiProperty({ enum: ['window', 'counter'] }) subject!: string;
  @ApiProperty({ format: 'uuid' }) deploymentId!: string;
  @ApiProperty() meter!: string;
  @ApiProperty({ format: 'date-time' }) windowStart!: string;
  @ApiProperty() before!: string;
  @ApiProperty() after!: string;
  @ApiProperty({ description: 'Signed' }) delta!: string;
}

export class RecountResponse {
  @ApiProperty({ description: 'Windows that were counted again' }) windows!: number;
  @ApiProperty({ description: 'Counters of limits that were counted again' }) counters!: number;
  @ApiProperty({ description: 'How many of both were wrong and are right now' }) adjusted!: number;
  @ApiProperty({ type: [UsageAdjustmentResponse], description: `At most ${SHOWN_MAX} of them` })
  adjustments!: readonly UsageAdjustmentResponse[];

  static of({ windows, counters, adjustments }: Recount): RecountResponse {
    return { windows, counters, adjusted: adjustments.length, adjustments: adjustments.slice(0, SHOWN_MAX).map(shown) };
  }
}

function shown({ windowStart, ...adjustment }: UsageAdjustment): UsageAdjustmentResponse {
  return { ...adjustment, windowStart: windowStart.toISOString() };
}
