import { ApiProperty } from '@nestjs/swagger';
import { ApiInstant } from '@biplane/service-kit';
import { ApiPrice, type PriceJson } from './catalog.responses.js';
import {
  STRATEGIES,
  type LimitWindow,
  type PlanLimit,
  type PlanMeter,
  type PlanModule,
  type PlanVersionContent,
  type Strategy,
} from './domain/plan-version.js';

export class LimitRateDto {
  @ApiProperty({ example: '5' }) readonly perSecond!: string;
  @ApiProperty({ type: 'integer', example: 10 }) readonly burst!: number;
}

export class PlanLimitDto implements PlanLimit {
  @ApiProperty({ example: 'api_calls' }) readonly meter!: string;
  @ApiProperty({ example: '100000' }) readonly cap!: string;
  @ApiProperty({
    type: String,
    enum: ['day', 'month'],
    nullable: true,
    description: 'Null: a level that no calendar resets',
  })
  readonly window!: LimitWindow;
  @ApiProperty({ enum: STRATEGIES }) readonly strategy!: Strategy;
  @ApiProperty({ type: [String], example: ['0.8', '1'], description: 'Shares of the cap' })
  readonly warnAt!: readonly string[];
  @ApiProperty({ type: LimitRateDto, required: false, description: 'Of `throttle` only' })
  readonly rate?: LimitRateDto;
}

export class PlanModuleDto implements PlanModule {
  @ApiProperty({ example: 'financials' }) readonly module!: string;
  @ApiProperty({ type: [String], example: ['automated_billing'] }) readonly features!: readonly string[];
  @ApiProperty({ type: String, nullable: true }) readonly dailyPrice!: string | null;
  @ApiProperty({ type: [PlanLimitDto] }) readonly limits!: readonly PlanLimitDto[];
}

export class PlanMeterDto implements PlanMeter {
  @ApiProperty({ example: 'droplet_hours' }) readonly meter!: string;
  @ApiProperty({ example: '1488' }) readonly included!: string;
  @ApiPrice({ kind: 'per_unit', unitPrice: '0.01' }) readonly price!: PriceJson;
  @ApiProperty({
    type: 'array',
    items: { type: 'object', additionalProperties: true },
    required: false,
    example: [{ kind: 'percent', rate: '0.10' }],
    description: 'At most one of each kind: usage, amount, percent',
  })
  readonly discounts?: readonly unknown[];
  @ApiProperty({ required: false, example: '5.00' }) readonly minimum?: string;
  @ApiProperty({ required: false, example: '100.00' }) readonly maximum?: string;
}

/** What a version sells, every default filled in. Amounts and quantities are decimal strings. */
export class PlanVersionContentDto implements PlanVersionContent {
  @ApiProperty({ example: 'USD' }) readonly currency!: string;
  @ApiProperty({ enum: ['month'] }) readonly interval!: 'month';
  @ApiProperty({ enum: ['day', 'second'] }) readonly proration!: 'day' | 'second';
  @ApiProperty({ type: 'integer', example: 0 }) readonly trialDays!: number;
  @ApiProperty({ type: 'integer', example: 24 }) readonly cutoffHours!: number;
  @ApiProperty({ example: '50.00' }) readonly baseFee!: string;
  @ApiProperty({ example: '0.00' }) readonly setupFee!: string;
  @ApiProperty({ type: String, nullable: true }) readonly minimumCommitment!: string | null;
  @ApiProperty({ type: String, nullable: true }) readonly maximum!: string | null;
  @ApiProperty({ type: [PlanModuleDto] }) readonly modules!: readonly PlanModuleDto[];
  @ApiProperty({ type: [PlanMeterDto] }) readonly meters!: readonly PlanMeterDto[];
  @ApiProperty({ type: 'object', additionalProperties: { type: 'boolean' }, example: { beta_reports: true } })
  readonly featureFlags!: Readonly<Record<string, boolean>>;
  @ApiProperty() readonly dedicatedCompute!: boolean;
}

class VersionStateDto {
  @ApiProperty({ enum: ['draft', 'published'], description: 'What is published never changes' })
  readonly state!: 'draft' | 'published';
  @ApiInstant() readonly createdAt!: Date;
  @ApiInstant({ nullable: true }) readonly publishedAt!: Date | null;
}

/** One version of a plan. A plan's first version comes with what the plan itself is called. */
export class PlanVersionDto extends VersionStateDto {
  @ApiProperty({ example: 'studio' }) readonly code!: string;
  @ApiProperty({ required: false, example: 'Studio' }) readonly name?: string;
  @ApiProperty({ required: false, example: 'standard' }) readonly tier?: string;
  @ApiProperty({ type: 'integer', required: false, example: 20 }) readonly rank?: number;
  @ApiProperty({ required: false }) readonly description?: string;
  @ApiProperty({ type: 'integer', example: 1 }) readonly versionNumber!: number;
  @ApiProperty({ type: PlanVersionContentDto }) readonly version!: PlanVersionContentDto;
}

export class PlanVersionEntryDto extends VersionStateDto {
  @ApiProperty({ type: 'integer', example: 1 }) readonly version!: number;
  @ApiProperty({ type: PlanVersionContentDto }) readonly content!: PlanVersionContentDto;
}

export class PlanDto {
  @ApiProperty({ example: 'studio' }) readonly code!: string;
  @ApiProperty({ example: 'Studio' }) readonly name!: string;
  @ApiProperty({ example: 'standard' }) readonly tier!: string;
  @ApiProperty({ type: 'integer', example: 20, description: 'Decides what is an upgrade; never the price' })
  readonly rank!: number;
  @ApiProperty() readonly description!: string;
  @ApiProperty({ type: 'integer', nullable: true, example: 1, description: 'The newest published version' })
  readonly publishedVersion!: number | null;
  @ApiProperty({ type: [PlanVersionEntryDto] }) readonly versions!: readonly PlanVersionEntryDto[];
}
