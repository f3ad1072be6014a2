import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsOptional, IsUUID, Matches } from 'class-validator';
import { ApiInstant, MoneyDto, PageQuery } from '@biplane/service-kit';
import { MONTH, MONTH_MESSAGE } from '../../month.js';
import { PROVIDER } from './domain/cost-line.js';

/** For the documentation alone: each line is read for itself, so that a wrong one spoils no other. */
export class CostLineBody {
  @ApiProperty({ example: 'hetzner' }) readonly provider!: string;
  @ApiProperty({ example: '2026-04/server-4711', description: "The provider's id of the line" })
  readonly lineId!: string;
  @ApiProperty({ example: '2026-04', description: 'The month that it is compared with' }) readonly period!: string;
  @ApiProperty({ example: 'droplet_hours' }) readonly resourceKind!: string;
  @ApiProperty({ type: MoneyDto, description: 'Below zero for what the provider gave back' })
  readonly amount!: MoneyDto;
  @ApiPropertyOptional({ type: String, format: 'uuid', nullable: true, description: 'Left out: unallocated' })
  readonly deploymentId?: string | null;
  @ApiPropertyOptional({ type: String, nullable: true, example: 'cx41, 720 h' }) readonly description?: string | null;
}

export class CostsBody {
  @ApiProperty({ type: [CostLineBody] })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(1_000)
  lines!: unknown[];
}

export class ImportedLineDto {
  @ApiProperty({ example: 0 }) readonly index!: number;
  @ApiProperty({ type: String, nullable: true }) readonly provider!: string | null;
  @ApiProperty({ type: String, nullable: true }) readonly lineId!: string | null;
  @ApiProperty({ enum: ['accepted', 'duplicate', 'rejected'] }) readonly status!: string;
  @ApiPropertyOptional({ example: 'COST.ID_REUSED' }) readonly code?: string;
  @ApiPropertyOptional() readonly detail?: string;
}

export class ImportDto {
  @ApiProperty() readonly accepted!: number;
  @ApiProperty() readonly duplicates!: number;
  @ApiProperty() readonly rejected!: number;
  @ApiProperty({ type: [ImportedLineDto] }) readonly results!: readonly ImportedLineDto[];
}

export class CostsQuery extends PageQuery {
  @ApiPropertyOptional({ example: '2026-04' })
  @IsOptional()
  @Matches(MONTH, { message: MONTH_MESSAGE })
  period?: string;

  @ApiPropertyOptional({ example: 'hetzner' })
  @IsOptional()
  @Matches(PROVIDER, { message: 'provider must be a code of lower-case letters, digits, dots and hyphens' })
  provider?: string;

  @ApiPropertyOptional({ format: 'uuid' })
  @IsOptional()
  @IsUUID()
  deploymentId?: string;
}

export class CostDto {
  @ApiProperty({ format: 'uuid' }) readonly id!: string;
  @ApiProperty({ example: 'hetzner' }) readonly provider!: string;
  @ApiProperty() readonly lineId!: string;
  @ApiProperty({ example: '2026-04' }) readonly period!: string;
  @ApiProperty({ example: 'droplet_hours' }) readonly resourceKind!: string;
  @ApiProperty({ type: String, format: 'uuid', nullable: true }) readonly tenantId!: string | null;
  @ApiProperty({ type: String, format: 'uuid', nullable: true }) readonly deploymentId!: string | null;
  @ApiProperty({ type: String, nullable: true }) readonly description!: string | null;
  @ApiProperty({ type: MoneyDto }) readonly amount!: MoneyDto;
  @ApiInstant() readonly importedAt!: Date;
}
