import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  MinLength,
  ValidateIf,
  ValidateNested,
} from 'class-validator';

// What an RFC 3339 instant looks like; whether the day exists is checked when it is read.
const instant = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;
const decimal = /^\d{1,30}(?:\.\d{1,12})?$/;

export class PeriodDto {
  @ApiProperty({ example: '2026-04-01T00:00:00Z' })
  @Matches(instant, { message: '$property must be an RFC 3339 instant' })
  from!: string;

  @ApiProperty({ example: '2026-05-01T00:00:00Z' })
  @Matches(instant, { message: '$property must be an RFC 3339 instant' })
  to!: string;
}

/** A stretch of time; `to` null reaches to the end of the period. */
export class StretchDto {
  @ApiProperty({ example: '2026-04-01T00:00:00Z' })
  @Matches(instant, { message: '$property must be an RFC 3339 instant' })
  from!: string;

  @ApiProperty({ type: String, nullable: true, example: null })
  @ValidateIf((stretch: StretchDto) => stretch.to !== null)
  @Matches(instant, { message: '$property must be an RFC 3339 instant or null' })
  to!: string | null;
}

export class QuoteTaxDto {
  @ApiProperty({ example: 'GST' })
  @IsString()
  @MinLength(1)
  @MaxLength(40)
  code!: string;

  @ApiProperty({ example: 'GST 10 %' })
  @IsString()
  @MinLength(1)
  @MaxLength(100)
  name!: string;

  @ApiProperty({ example: '0.10' })
  @Matches(decimal, { message: '$property must be a decimal string' })
  rate!: string;

  @ApiPropertyOptional({ description: 'The recipient owes it: the rate is "0" then, and its line of zero says why' })
  @IsOptional()
  @IsBoolean()
  reverseCharge?: boolean;
}

export class QuotePlanDto {
  @ApiProperty({ example: 'studio' })
  @IsString()
  @MaxLength(63)
  code!: string;

  @ApiProperty({ example: 1 })
  @IsInt()
  @Min(1)
  @Max(1_000_000)
  version!: number;
}

export class QuoteAddonDto {
  @ApiProperty({ example: 'storage_50gb' })
  @IsString()
  @MaxLength(63)
  code!: string;

  @ApiProperty({ example: '1' })
  @Matches(decimal, { message: '$property must be a decimal string' })
  quantity!: string;

  @ApiPropertyOptional({ type: [StretchDto], description: 'When it is attached; all the active time when absent' })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(1_000)
  @ValidateNested({ each: true })
  @Type(() => StretchDto)
  attached?: StretchDto[];
}

/** A plan that is in force before the one at the end of the period. */
export class QuotePreviousPlanDto {
  @ApiPropertyOptional({ type: QuotePlanDto, description: 'A published plan version; or `planVersion` inline' })
  @IsOptional()
  @ValidateNested()
  @Type(() => QuotePlanDto)
  plan?: QuotePlanDto;

  @ApiPropertyOptional({ type: 'object', additionalProperties: true })
  @IsOptional()
  @IsObject()
  planVersion?: Record<string, unknown>;

  @ApiProperty({ example: '2026-04-15T12:00:00Z', description: 'The first instant at which it holds no longer' })
  @Matches(instant, { message: '$property must be an RFC 3339 instant' })
  until!: string;
}

export class QuoteDeploymentDto {
  @ApiProperty({ example: 'web', description: 'Names the deployment on its lines' })
  @IsString()
  @MinLength(1)
  @MaxLength(100)
  ref!: string;

  @ApiPropertyOptional({ type: QuotePlanDto, description: 'A published plan version; or `planVersion` inline' })
  @IsOptional()
  @ValidateNested()
  @Type(() => QuotePlanDto)
  plan?: QuotePlanDto;

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: true,
    description: 'The object under `version` of a plan',
  })
  @IsOptional()
  @IsObject()
  planVersion?: Record<string, unknown>;

  @ApiPropertyOptional({ type: [QuotePreviousPlanDto], description: 'Plans in force before it, in their order' })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(31)
  @ValidateNested({ each: true })
  @Type(() => QuotePreviousPlanDto)
  previousPlans?: QuotePreviousPlanDto[];

  @ApiPropertyOptional({ type: [QuoteAddonDto] })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(100)
  @ValidateNested({ each: true })
  @Type(() => QuoteAddonDto)
  addons?: QuoteAddonDto[];

  @ApiPropertyOptional({ type: [StretchDto], description: 'When it is active; the whole period when absent' })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(1_000)
  @ValidateNested({ each: true })
  @Type(() => StretchDto)
  active?: StretchDto[];

  @ApiPropertyOptional({ type: [StretchDto] })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(1_000)
  @ValidateNested({ each: true })
  @Type(() => StretchDto)
  suspended?: StretchDto[];

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: true,
    description: 'Module → stretches in which it was enabled',
  })
  @IsOptional()
  @IsObject()
  modules?: Record<string, unknown>;

  @ApiPropertyOptional({ description: 'Charged for the first time in this period: the setup fee is due' })
  @IsOptional()
  @IsBoolean()
  firstPeriod?: boolean;

  @ApiPropertyOptional({ type: 'object', additionalProperties: { type: 'string' }, example: { droplet_hours: '2160' } })
  @IsOptional()
  @IsObject()
  usage?: Record<string, unknown>;

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: { type: 'array', items: { type: 'integer' } },
    example: { droplet_hours: [3] },
    description: 'Meter → license versions under which the usage is allowed; named on its lines',
  })
  @IsOptional()
  @IsObject()
  licenseVersions?: Record<string, unknown>;
}

export class QuoteRequestDto {
  @ApiProperty({ example: 'USD' })
  @Matches(/^[A-Z]{3}$/, { message: '$property must be three capitals' })
  currency!: string;

  @ApiProperty({ example: 'Australia/Brisbane' })
  @IsString()
  @MaxLength(64)
  timeZone!: string;

  @ApiProperty({ type: PeriodDto })
  @ValidateNested()
  @Type(() => PeriodDto)
  @IsObject()
  period!: PeriodDto;

  @ApiPropertyOptional({ type: [QuoteTaxDto] })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(20)
  @ValidateNested({ each: true })
  @Type(() => QuoteTaxDto)
  taxes?: QuoteTaxDto[];

  @ApiPropertyOptional({
    type: 'array',
    items: { type: 'object', additionalProperties: true },
    example: [{ kind: 'percent', rate: '0.10', description: 'pilot' }],
    description: "The tenant's own: at most one `amount` and one `percent`, taken in that order",
  })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(2)
  discounts?: unknown[];

  @ApiProperty({ type: [QuoteDeploymentDto] })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(100)
  @ArrayUnique((deployment: QuoteDeploymentDto | null) => deployment?.ref, {
    message: 'the refs of deployments must be unique',
  })
  @ValidateNested({ each: true })
  @Type(() => QuoteDeploymentDto)
  deployments!: QuoteDeploymentDto[];
}
