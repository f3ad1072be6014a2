import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize, ArrayMinSize, IsArray, IsBoolean, IsEmail, IsIn, IsInt, IsISO31661Alpha2, IsOptional, IsString, Matches, Max,
  MaxLength, Min, MinLength, ValidateIf, ValidateNested,
} from 'class-validator'; // prettier-ignore
import { LOCALE_TAG } from '@biplane/kernel';

const TEXT = /^[^\p{Cc}\p{Zl}\p{Zp}]*$/u;
const DATE = /^[1-9]\d{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/;

export class OwnDiscountBody {
  @ApiProperty({ enum: ['amount', 'percent'] })
  @IsIn(['amount', 'percent'])
  kind!: 'amount' | 'percent';

  @ApiPropertyOptional({ example: '5.00', description: "Of kind `amount`, in the tenant's currency" })
  @ValidateIf((body: OwnDiscountBody) => body.kind !== 'percent' || body.amount !== undefined)
  @IsString()
  @MaxLength(45)
  amount?: string;

  @ApiPropertyOptional({ example: '0.10', description: 'Of kind `percent`' })
  @ValidateIf((body: OwnDiscountBody) => body.kind !== 'amount' || body.rate !== undefined)
  @IsString()
  @MaxLength(45)
  rate?: string;

  @ApiPropertyOptional({ type: String, nullable: true, example: 'pilot' })
  @IsOptional()
  @IsString()
  @MaxLength(200)
  @Matches(TEXT, { message: 'description must not hold control characters' })
  description?: string | null;

  @ApiProperty({ example: '2026-04-01', description: "The first day on which it holds, a date of the tenant's zone" })
  @Matches(DATE, { message: 'from must be a date such as 2026-04-01' })
  from!: string;

  @ApiPropertyOptional({ type: String, nullable: true, example: null, description: 'The first day without it' })
  @IsOptional()
  @Matches(DATE, { message: 'to must be a date such as 2026-05-01' })
  to?: string | null;
}

export class BillingSettingsBody {
  @ApiProperty({ example: 'USD', description: 'That of the tenant: it does not change' })
  @Matches(/^[A-Z]{3}$/, { message: 'currency must be an ISO 4217 code' })
  currency!: string;

  @ApiProperty({ example: 'Australia/Brisbane', description: 'Another one holds from the next month on' })
  @IsString()
  @MaxLength(64)
  timeZone!: string;

  @ApiProperty({ example: 'AU' })
  @IsISO31661Alpha2()
  @Matches(/^[A-Z]{2}$/, { message: 'country must be in capitals' })
  country!: string;

  @ApiPropertyOptional({ type: String, nullable: true })
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(40)
  @Matches(TEXT, { message: 'taxId must not hold control characters' })
  taxId?: string | null;

  @ApiPropertyOptional({ description: 'Whether it was checked; false when left out' })
  @IsOptional()
  @IsBoolean()
  taxIdValid?: boolean;

  @ApiProperty()
  @IsBoolean()
  payByInvoice!: boolean;

  @ApiProperty({ description: 'Whether the roll-up invoices this tenant' })
  @IsBoolean()
  autoInvoice!: boolean;

  @ApiProperty({ description: 'Whether it is reminded of what is overdue, and suspended in the end' })
  @IsBoolean()
  autoReminders!: boolean;

  @ApiProperty({ example: 'en-AU' })
  @Matches(LOCALE_TAG, { message: 'locale must be a BCP 47 tag such as en-AU' })
  @MaxLength(35)
  locale!: string;

  @ApiPropertyOptional({ type: [String], nullable: true, example: ['1 Hangar Lane', 'Brisbane QLD 4000'] })
  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(8)
  @IsString({ each: true })
  @MinLength(1, { each: true })
  @MaxLength(200, { each: true })
  @Matches(TEXT, { each: true, message: 'address must hold lines without control characters' })
  address?: string[] | null;

  @ApiPropertyOptional({ type: String, nullable: true, example: 'accounts@acme.example' })
  @IsOptional()
  @IsEmail()
  @MaxLength(254)
  email?: string | null;

  @ApiPropertyOptional({
    type: String,
    nullable: true,
    example: 'pm_1NqX2sLkdIwHu7ix',
    description: "A provider's token",
  })
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(200)
  @Matches(/^[\x21-\x7e]*$/, { message: "paymentMethod must be a provider's token" })
  paymentMethod?: string | null;

  @ApiPropertyOptional({ example: 14, description: '14 when left out' })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(180)
  dueDays?: number;

  @ApiPropertyOptional({ type: [OwnDiscountBody], description: 'At most one of each kind; none when left out' })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(2)
  @ValidateNested({ each: true })
  @Type(() => OwnDiscountBody)
  discounts?: OwnDiscountBody[];
}

export class OwnDiscountDto {
  @ApiProperty({ enum: ['amount', 'percent'] }) readonly kind!: string;
  @ApiPropertyOptional({ example: '5.00' }) readonly amount?: string;
  @ApiPropertyOptional({ example: '0.10' }) readonly rate?: string;
  @ApiProperty({ type: String, nullable: true }) readonly description!: string | null;
  @ApiProperty({ example: '2026-04-01' }) readonly from!: string;
  @ApiProperty({ type: String, nullable: true }) readonly to!: string | null;
}

export class ZoneFromDto {
  @ApiProperty({ example: '2026-05' }) readonly fromMonth!: string;
  @ApiProperty({ example: 'Europe/Zurich' }) readonly timeZone!: string;
}

export class BillingSettingsDto {
  @ApiProperty({ format: 'uuid' }) readonly tenantId!: string;
  @ApiProperty({ example: 1 }) readonly version!: number;
  @ApiProperty({ example: 'USD' }) readonly currency!: string;
  @ApiProperty({ example: 'Australia/Brisbane', description: 'Of the running month' }) readonly timeZone!: string;
  @ApiProperty({ type: ZoneFromDto, nullable: true, description: 'A change to come' })
  readonly nextTimeZone!: ZoneFromDto | null;
  @ApiProperty({ example: 'AU' }) readonly country!: string;
  @ApiProperty({ type: String, nullable: true }) readonly taxId!: string | null;
  @ApiProperty() readonly taxIdValid!: boolean;
  @ApiProperty() readonly payByInvoice!: boolean;
  @ApiProperty() readonly autoInvoice!: boolean;
  @ApiProperty() readonly autoReminders!: boolean;
  @ApiProperty({ example: 'en-AU' }) readonly locale!: string;
  @ApiProperty({ type: [String], nullable: true }) readonly address!: readonly string[] | null;
  @ApiProperty({ type: String, nullable: true }) readonly email!: string | null;
  @ApiProperty({ type: String, nullable: true }) readonly paymentMethod!: string | null;
  @ApiProperty({ example: 14 }) readonly dueDays!: number;
  @ApiProperty({ type: [OwnDiscountDto] }) readonly discounts!: readonly OwnDiscountDto[];
}
