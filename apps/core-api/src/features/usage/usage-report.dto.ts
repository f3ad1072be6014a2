import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ApiInstant, IsInstant, PageQuery } from '@biplane/service-kit';
import { IsIn, IsOptional, IsUUID, Matches } from 'class-validator';
import { REGION_CODE, REGION_CODE_MESSAGE } from '../../codes.js';
import { MONTH, MONTH_MESSAGE } from '../../month.js';
import type { UsageGroup, UsageQuestion, UsageRow } from './usage-report.store.js';

const GROUPS = ['meter', 'region', 'hour', 'day'] as const;

export class TenantUsageQuery extends PageQuery {
  @ApiPropertyOptional({
    example: '2026-04',
    description: "A calendar month in the tenant's zone; the one that runs when neither it nor from and to are given",
  })
  @IsOptional()
  @Matches(MONTH, { message: MONTH_MESSAGE })
  period?: string;

  @ApiPropertyOptional({ example: '2026-04-01T00:00:00Z', description: 'With `to`, instead of a period' })
  @IsOptional()
  @IsInstant()
  from?: string;

  @ApiPropertyOptional({ example: '2026-04-08T00:00:00Z' })
  @IsOptional()
  @IsInstant()
  to?: string;

  @ApiPropertyOptional({ example: 'droplet_hours' })
  @IsOptional()
  @Matches(/^[a-z][a-z0-9_]{0,62}$/, { message: '$property must be the code of a meter' })
  meter?: string;

  @ApiPropertyOptional({ example: 'eu-1' })
  @IsOptional()
  @Matches(REGION_CODE, { message: REGION_CODE_MESSAGE })
  region?: string;

  @ApiPropertyOptional({ format: 'uuid' })
  @IsOptional()
  @IsUUID()
  deploymentId?: string;

  @ApiPropertyOptional({ enum: GROUPS, default: 'meter', description: 'Each meter stands by itself in every group' })
  @IsOptional()
  @IsIn(GROUPS)
  groupBy?: UsageGroup;
}

export class UsageTotalDto {
  @ApiProperty({ example: 'droplet_hours' })
  meter!: string;

  @ApiProperty({ enum: ['sum', 'peak', 'last'] })
  aggregation!: string;

  @ApiProperty({ type: String, nullable: true, example: 'eu-1', description: 'Null unless grouped by region' })
  region!: string | null;

  @ApiProperty({
    type: String,
    nullable: true,
    example: '2026-04-10',
    description:
      "A day in the tenant's zone, null unless grouped by day; an hour belongs to the day in which it begins",
  })
  day!: string | null;

  @ApiInstant({ description: 'Where the stretch of this total begins' })
  from!: string;

  @ApiInstant({ description: 'Where it ends' })
  to!: string;

  @ApiProperty({ example: '2160.5', description: 'Decimal string' })
  quantity!: string;

  @ApiProperty({ type: 'integer', description: 'How many windows it was made from' })
  windows!: number;

  @ApiInstant({ description: 'When the newest of them was received' })
  asOf!: string;
}

export function usageTotalDto(row: UsageRow, { groupBy }: UsageQuestion): UsageTotalDto {
  return {
    meter: row.meter,
    aggregation: row.aggregation,
    region: groupBy === 'region' ? row.bucket : null,
    day: groupBy === 'day' ? row.bucket : null,
    from: row.period.from.toISOString(),
    to: row.period.to.toISOString(),
    quantity: row.quantity,
    windows: row.windows,
    asOf: row.asOf.toISOString(),
  };
}
