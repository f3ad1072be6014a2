import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ApiInstant, MoneyDto, PageQuery } from '@biplane/service-kit';
import { IsIn, IsOptional, Matches } from 'class-validator';
import { MONTH, MONTH_MESSAGE } from '../../month.js';
import { SKIP_REASONS } from './domain/tally.js';

const YES_NO = ['true', 'false'] as const;
const STATES = ['running', 'succeeded', 'failed', 'interrupted', 'rehearsed'] as const;

export class RollupQuery {
  @ApiProperty({ example: '2026-04', description: "A calendar month, in each tenant's own zone" })
  @Matches(MONTH, { message: MONTH_MESSAGE })
  period!: string;

  @ApiPropertyOptional({ enum: YES_NO, description: 'Compute everything, store nothing' })
  @IsOptional()
  @IsIn(YES_NO)
  dryRun?: 'true' | 'false';

  @ApiPropertyOptional({ enum: YES_NO, description: 'Void and replace invoices that were issued and not paid' })
  @IsOptional()
  @IsIn(YES_NO)
  force?: 'true' | 'false';
}

export class RollupListQuery extends PageQuery {
  @ApiPropertyOptional({ example: '2026-04' })
  @IsOptional()
  @Matches(MONTH, { message: MONTH_MESSAGE })
  period?: string;
}

export class ParkedTenantDto {
  @ApiProperty({ format: 'uuid' })
  tenantId!: string;

  @ApiProperty({ example: 'BILLING.AMOUNT_TOO_LARGE' })
  code!: string;

  @ApiProperty()
  reason!: string;
}

export class StandingParkedDto extends ParkedTenantDto {
  @ApiProperty({ example: '2026-04' })
  period!: string;

  @ApiProperty({ format: 'uuid', description: 'Which parked it last' })
  rollupId!: string;

  @ApiInstant()
  parkedAt!: string;
}

export class SkippedDto {
  @ApiProperty({ enum: SKIP_REASONS })
  reason!: string;

  @ApiProperty({ type: 'integer' })
  tenants!: number;
}

export class RollupDto {
  @ApiProperty({ type: String, format: 'uuid', nullable: true, description: 'Null for a dry run' })
  id!: string | null;

  @ApiProperty({ example: '2026-04' })
  period!: string;

  @ApiProperty({ enum: ['schedule', 'demand'] })
  trigger!: string;

  @ApiProperty()
  dryRun!: boolean;

  @ApiProperty()
  force!: boolean;

  @ApiProperty({ enum: STATES })
  state!: string;

  @ApiInstant({ description: 'Decides what was over and complete, and dates the invoices' })
  at!: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  endedAt!: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'Why it failed or was interrupted' })
  reason!: string | null;

  @ApiProperty({ type: 'integer', description: 'When it began' })
  tenantsExpected!: number;

  @ApiProperty({ type: 'integer', description: 'Examined so far: each is issued, skipped or parked' })
  tenants!: number;

  @ApiProperty({ type: 'integer' })
  issued!: number;

  @ApiProperty({ type: 'integer', description: 'Of the issued, those in the place of a voided one' })
  replaced!: number;

  @ApiProperty({ type: 'integer', description: 'Of the issued, those before every home had closed its hours' })
  provisional!: number;

  @ApiProperty({ type: 'integer' })
  skipped!: number;

  @ApiProperty({ type: 'integer', description: 'Of the skipped, those who are looked at again every hour' })
  waiting!: number;

  @ApiProperty({ type: [SkippedDto] })
  skippedBecause!: readonly SkippedDto[];

  @ApiProperty({ type: 'integer' })
  parkedTenants!: number;

  @ApiProperty({ type: [ParkedTenantDto], description: 'The first 1,000' })
  parked!: readonly ParkedTenantDto[];

  @ApiProperty({ type: [MoneyDto], description: 'What was issued, tax included, by currency' })
  totals!: readonly MoneyDto[];
}
