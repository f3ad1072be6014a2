import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ApiInstant, PageQuery } from '@biplane/service-kit';
import { IsIn, IsOptional, IsUUID, Matches } from 'class-validator';
import { REGION_CODE, REGION_CODE_MESSAGE } from '../../codes.js';
import { IsReason } from '../../reason.js';
import { QUARANTINE_REASONS } from './domain/quarantine-reasons.js';
import type { ShownRecord } from './quarantine.service.js';

const REASONS = Object.keys(QUARANTINE_REASONS);
const STATES = ['open', 'released', 'discarded'] as const;
const TYPES = ['UsageWindow', 'HomeClose', 'LimitEvent', 'LicenseApplied', 'InstanceStatus', 'MoveReport'] as const;

export class QuarantineQuery extends PageQuery {
  @ApiPropertyOptional({ enum: REASONS })
  @IsOptional()
  @IsIn(REASONS)
  reason?: string;

  @ApiPropertyOptional({ format: 'uuid', description: 'Only what speaks of deployments of this tenant' })
  @IsOptional()
  @IsUUID()
  tenantId?: string;

  @ApiPropertyOptional({ format: 'uuid' })
  @IsOptional()
  @IsUUID()
  deploymentId?: string;

  @ApiPropertyOptional({ example: 'eu-1' })
  @IsOptional()
  @Matches(REGION_CODE, { message: REGION_CODE_MESSAGE })
  region?: string;

  @ApiPropertyOptional({ enum: TYPES })
  @IsOptional()
  @IsIn(TYPES)
  type?: string;

  @ApiPropertyOptional({ enum: STATES, description: '`open`: nobody has decided of it' })
  @IsOptional()
  @IsIn(STATES)
  state?: (typeof STATES)[number];
}

export class QuarantineDecisionDto {
  @ApiProperty({ example: 'The home was away for six weeks; its counts were checked', maxLength: 500 })
  @IsReason()
  reason!: string;
}

export class QuarantineResolutionDto {
  @ApiProperty({ enum: ['released', 'discarded'] })
  state!: string;

  @ApiInstant()
  at!: string;

  @ApiProperty({ description: 'Who decided' })
  by!: string;

  @ApiProperty()
  reason!: string;

  @ApiProperty({
    description: 'Whether it became the total of its window; false when a later revision had been counted',
  })
  counted!: boolean;
}

export class QuarantinedRecordDto {
  @ApiProperty({ format: 'uuid' })
  id!: string;

  @ApiProperty({ example: 'eu-1', description: 'Of the topic it came on' })
  region!: string;

  @ApiProperty({ example: 'UsageWindow' })
  type!: string;

  @ApiProperty({ example: 'METER_UNKNOWN' })
  reason!: string;

  @ApiProperty()
  detail!: string;

  @ApiProperty({ type: String, format: 'uuid', nullable: true, description: 'Null when it names no known deployment' })
  tenantId!: string | null;

  @ApiInstant()
  receivedAt!: string;

  @ApiProperty({ type: 'object', additionalProperties: true, description: 'What was received, parsed' })
  record!: Readonly<Record<string, unknown>>;

  @ApiProperty({ type: QuarantineResolutionDto, nullable: true, description: 'Null while nobody has decided' })
  resolution!: QuarantineResolutionDto | null;
}

export function quarantinedRecordDto(row: ShownRecord): QuarantinedRecordDto {
  const { id, region, recordType, reason, detail, tenantId, receivedAt, record } = row;
  const { resolution, resolvedAt, resolvedBy, resolvedBecause, counted } = row;
  return {
    id,
    region,
    type: recordType,
    reason,
    detail,
    tenantId,
    receivedAt: receivedAt.toISOString(),
    record,
    resolution:
      resolution === null || resolvedAt === null || resolvedBy === null || resolvedBecause === null
        ? null
        : {
            state: resolution,
            at: resolvedAt.toISOString(),
            by: resolvedBy,
            reason: resolvedBecause,
            counted: counted === true,
          },
  };
}
