import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize, ArrayUnique, IsArray, IsBoolean, IsDefined, IsEmail, IsInt, IsISO31661Alpha2, IsOptional, IsString, Matches, Max,
  MaxLength, Min, MinLength, ValidateNested,
} from 'class-validator'; // prettier-ignore
import { LOCALE_TAG } from '@biplane/kernel';
import { SLUG, SLUG_MESSAGE } from '../../codes.js';
import { TermBody } from '../subscriptions/index.js';

const TAG = /^[a-z0-9](?:[a-z0-9.-]{0,30}[a-z0-9])?$/;
const CODE = /^[a-z](?:_?[a-z0-9]){0,62}$/;
export const TEXT = /^[^\p{Cc}]*$/u;

export class PlanChoice {
  @ApiProperty({ example: 'studio' })
  @Matches(CODE, { message: 'code must be a plan code' })
  code!: string;

  /** The newest published one when it is left out. */
  @ApiPropertyOptional({ example: 1 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(1_000_000)
  version?: number;
}

export class AddonChoice {
  @ApiProperty({ example: 'storage_50gb' })
  @Matches(CODE, { message: 'code must be an add-on code' })
  code!: string;

  @ApiProperty({ example: '1' })
  @IsString()
  @MaxLength(45)
  quantity!: string;
}

export class RequirementsBody {
  @ApiPropertyOptional({ type: [String], example: ['gdpr'] })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(50)
  @ArrayUnique()
  @Matches(TAG, { each: true, message: 'compliance must hold tags of lower-case letters, digits, dots and hyphens' })
  compliance?: string[];

  @ApiPropertyOptional({ example: 'eu', nullable: true, type: String })
  @IsOptional()
  @Matches(TAG, { message: 'residency must be a tag' })
  residency?: string | null;

  @ApiPropertyOptional({ example: 50 })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(1_000_000_000)
  expectedMembers?: number;

  @ApiPropertyOptional({ example: '10' })
  @IsOptional()
  @IsString()
  @MaxLength(45)
  expectedStorageGb?: string;

  @ApiPropertyOptional({ example: '10000' })
  @IsOptional()
  @IsString()
  @MaxLength(45)
  expectedRequestsPerDay?: string;

  @ApiPropertyOptional({ example: false })
  @IsOptional()
  @IsBoolean()
  dedicated?: boolean;
}

export class AdminBody {
  @ApiProperty({ example: 'ops@acme.example' })
  @IsEmail()
  @MaxLength(254)
  email!: string;

  @ApiProperty({ example: 'Ops' })
  @IsString()
  @MinLength(1)
  @MaxLength(200)
  @Matches(TEXT, { message: 'name must not hold control characters' })
  name!: string;
}

export class BillingBody {
  @ApiProperty({ example: 'USD' })
  @IsString()
  @MaxLength(3)
  currency!: string;

  @ApiProperty({ example: 'Australia/Brisbane' })
  @IsString()
  @MaxLength(64)
  timeZone!: string;

  @ApiProperty({ example: 'AU' })
  @IsISO31661Alpha2()
  @Matches(/^[A-Z]{2}$/, { message: 'country must be in capitals' })
  country!: string;

  @ApiPropertyOptional({ nullable: true, type: String })
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(40)
  taxId?: string | null;

  @ApiPropertyOptional({ example: true })
  @IsOptional()
  @IsBoolean()
  payByInvoice?: boolean;

  @ApiPropertyOptional({ example: 'en-AU' })
  @IsOptional()
  @Matches(LOCALE_TAG, { message: 'locale must be a BCP 47 tag such as en-AU' })
  @MaxLength(35)
  locale?: string;
}

/** What is ordered besides the plan, and for how long. */
export class OrderBody {
  @ApiPropertyOptional({ type: [AddonChoice] })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(50)
  @ValidateNested({ each: true })
  @Type(() => AddonChoice)
  addons?: AddonChoice[];

  /** A start ahead of now, a fixed end, its notice and grace; without it the subscription begins now and renews. */
  @ApiPropertyOptional()
  @IsOptional()
  @ValidateNested()
  @Type(() => TermBody)
  term?: TermBody;
}

export class CreateTenantBody extends OrderBody {
  @ApiProperty({ example: 'acme' })
  @Matches(SLUG, { message: SLUG_MESSAGE })
  slug!: string;

  @ApiProperty({ example: 'Acme Pty Ltd' })
  @IsString()
  @MinLength(1)
  @MaxLength(200)
  @Matches(TEXT, { message: 'name must not hold control characters' })
  name!: string;

  @ApiProperty({ example: 'eu-1' })
  @IsString()
  @MaxLength(64)
  region!: string;

  @ApiProperty()
  @IsDefined()
  @ValidateNested()
  @Type(() => PlanChoice)
  plan!: PlanChoice;

  @ApiPropertyOptional()
  @IsOptional()
  @ValidateNested()
  @Type(() => RequirementsBody)
  requirements?: RequirementsBody;

  @ApiProperty()
  @IsDefined()
  @ValidateNested()
  @Type(() => AdminBody)
  admin!: AdminBody;

  @ApiProperty()
  @IsDefined()
  @ValidateNested()
  @Type(() => BillingBody)
  billing!: BillingBody;
}
