import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsBoolean, IsIn, IsInt, IsOptional, Max, Min } from 'class-validator';
import { ApiInstant, MoneyDto } from '@biplane/service-kit';
import { IsReason } from '../../reason.js';
import {
  MIGRATION_EFFECTS,
  MIGRATION_MODES,
  type MigrationEffect,
  type MigrationMode,
} from './domain/plan-migration.js';

export class MigratePlanBody {
  /** `grandfather`: who is on an older version stays. `migrate`: moves to this one. */
  @ApiProperty({ enum: MIGRATION_MODES })
  @IsIn(MIGRATION_MODES)
  mode!: MigrationMode;

  /** Versions that are left behind; every published one before it when it is left out. */
  @ApiPropertyOptional({ type: [Number], example: [1] })
  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(1_000)
  @IsInt({ each: true })
  @Min(1, { each: true })
  @Max(1_000_000, { each: true })
  from?: number[];

  /** `next_period` when it is left out. */
  @ApiPropertyOptional({ enum: MIGRATION_EFFECTS })
  @IsOptional()
  @IsIn(MIGRATION_EFFECTS)
  effective?: MigrationEffect;

  /** True: whom it would move and what the first of them would pay, and nothing is changed. */
  @ApiPropertyOptional({ example: true })
  @IsOptional()
  @IsBoolean()
  preview?: boolean;

  @ApiProperty({ example: 'prices of 2027' })
  @IsReason()
  reason!: string;
}

class ParkedSubscriptionDto {
  @ApiProperty({ format: 'uuid' }) readonly subscriptionId!: string;
  @ApiProperty({ example: 'SUBSCRIPTION.CURRENCY_MISMATCH' }) readonly code!: string;
  @ApiProperty() readonly detail!: string;
  @ApiInstant() readonly at!: Date;
}

export class PlanMigrationDto {
  @ApiProperty({ format: 'uuid' }) readonly id!: string;
  @ApiProperty({ example: 'studio' }) readonly planCode!: string;
  @ApiProperty({ type: 'integer', example: 2 }) readonly toVersion!: number;
  @ApiProperty({ type: [Number], example: [1] }) readonly fromVersions!: readonly number[];
  @ApiProperty({ enum: MIGRATION_MODES }) readonly mode!: MigrationMode;
  @ApiProperty({ enum: MIGRATION_EFFECTS }) readonly effective!: MigrationEffect;
  @ApiProperty() readonly reason!: string;
  @ApiProperty({ example: 'admin' }) readonly actor!: string;
  @ApiProperty({ enum: ['running', 'done'] }) readonly state!: 'running' | 'done';
  @ApiProperty({ type: 'integer', description: 'On those versions when it was decided' }) readonly matched!: number;
  @ApiProperty({ type: 'integer' }) readonly migrated!: number;
  @ApiProperty({ type: 'integer', description: 'Had no next period any more' }) readonly skipped!: number;
  @ApiProperty({ type: 'integer' }) readonly parkedCount!: number;
  @ApiProperty({ type: [ParkedSubscriptionDto], description: 'The first hundred' })
  readonly parked!: readonly ParkedSubscriptionDto[];
  @ApiInstant() readonly createdAt!: Date;
  @ApiInstant({ nullable: true }) readonly endedAt!: Date | null;
}

class SampledSubscriptionDto {
  @ApiProperty({ format: 'uuid' }) readonly subscriptionId!: string;
  @ApiProperty({ type: MoneyDto, nullable: true, description: 'The next month of its tenant, without usage' })
  readonly before!: MoneyDto | null;
  @ApiProperty({ type: MoneyDto, nullable: true }) readonly after!: MoneyDto | null;
  @ApiProperty({ type: String, nullable: true, description: 'Why it would be parked' })
  readonly refusal!: string | null;
}

export class PlanMigrationPreviewDto {
  @ApiProperty({ enum: [true] }) readonly preview!: true;
  @ApiProperty({ type: [Number] }) readonly fromVersions!: readonly number[];
  @ApiProperty({ type: 'integer' }) readonly matched!: number;
  @ApiProperty({ type: [SampledSubscriptionDto], description: 'The first ten' })
  readonly sample!: readonly SampledSubscriptionDto[];
}
