import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  IsDefined, IsIn, IsInt, IsOptional, IsString, IsUUID, Matches, Max, MaxLength, Min, MinLength, ValidateIf, ValidateNested,
} from 'class-validator'; // prettier-ignore
import { ApiInstant, IsInstant, MoneyDto, PageQuery } from '@biplane/service-kit';
import { TEXT } from '../access/index.js';
import { ENTRY_KINDS, type EntryKind } from './domain/entry.js';

const AMOUNT = /^-?(?:0|[1-9]\d{0,11})(?:\.\d{1,4})?$/;
const QUANTITY = /^(?:0|[1-9]\d{0,8})(?:\.\d{1,12})?$/;
/** From 1900 on: what is older is a slip, and each of its months would be charged. */
const DAY = /^(?:19|2\d)\d{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/;
const CODE = /^[a-z](?:_?[a-z0-9]){0,62}$/;
const CURRENCY = /^[A-Z]{3}$/;

export class MoneyBody {
  @ApiProperty({ example: '12.50' })
  @Matches(AMOUNT, { message: 'amount must be a decimal such as 12.50' })
  amount!: string;

  @ApiProperty({ example: 'USD' })
  @Matches(CURRENCY, { message: 'currency must be an ISO 4217 code' })
  currency!: string;
}

export class OpenAccountBody {
  @ApiProperty({ format: 'uuid' }) @IsUUID() memberId!: string;

  @ApiProperty({ example: 'USD' })
  @Matches(CURRENCY, { message: 'currency must be an ISO 4217 code' })
  currency!: string;
}

export class BookingBody {
  @ApiProperty({ enum: ENTRY_KINDS })
  @IsIn(ENTRY_KINDS)
  kind!: EntryKind;

  /** Above zero; of an adjustment it may be below, when the member owes less. */
  @ApiProperty({ type: MoneyBody })
  @IsDefined()
  @ValidateNested()
  @Type(() => MoneyBody)
  amount!: MoneyBody;

  @ApiProperty({ example: 'Broken key' })
  @IsString()
  @MinLength(1)
  @MaxLength(500)
  @Matches(TEXT, { message: 'description must not hold control characters' })
  description!: string;

  /** Of whoever paid or asked: never card data. */
  @ApiPropertyOptional({ example: 'bank 2026-04-01/17' })
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(200)
  @Matches(TEXT, { message: 'reference must not hold control characters' })
  reference?: string;

  /** When it happened outside; shown, and decides nothing. */
  @ApiPropertyOptional({ format: 'date-time' })
  @IsOptional()
  @IsInstant()
  valueAt?: string;
}

export class NewProductBody {
  @ApiProperty({ example: 'locker' })
  @Matches(CODE, { message: 'code must be lower-case letters, digits and single underscores, a letter first' })
  code!: string;

  @ApiProperty({ example: 'Locker' })
  @IsString()
  @MinLength(1)
  @MaxLength(200)
  @Matches(TEXT, { message: 'name must not hold control characters' })
  name!: string;
}

export class NewItemBody {
  @ApiProperty({ example: 'locker' })
  @Matches(CODE, { message: 'productCode must be lower-case letters, digits and single underscores, a letter first' })
  productCode!: string;

  @ApiProperty({ example: 'Locker 12' })
  @IsString()
  @MinLength(1)
  @MaxLength(200)
  @Matches(TEXT, { message: 'description must not hold control characters' })
  description!: string;

  /** Of one whole interval and one unit. */
  @ApiProperty({ type: MoneyBody })
  @IsDefined()
  @ValidateNested()
  @Type(() => MoneyBody)
  price!: MoneyBody;

  @ApiPropertyOptional({ default: '1', example: '1' })
  @IsOptional()
  @Matches(QUANTITY, { message: 'quantity must be a decimal above zero' })
  quantity?: string;

  @ApiProperty({ type: 'integer', minimum: 1, maximum: 120, example: 1, description: '1 for a month, 12 for a year' })
  @IsInt()
  @Min(1)
  @Max(120)
  intervalMonths!: number;

  @ApiProperty({ example: 'Europe/Zurich', description: 'In whose days it is counted' })
  @IsString()
  @MaxLength(64)
  timeZone!: string;

  @ApiProperty({ example: '2026-03-01' })
  @Matches(DAY, { message: 'startsOn must be a day such as 2026-07-01, from 1900 to 2999' })
  startsOn!: string;

  /** The first day on which it runs no longer. */
  @ApiPropertyOptional({ example: '2027-03-01' })
  @IsOptional()
  @Matches(DAY, { message: 'endsOn must be a day such as 2026-07-01, from 1900 to 2999' })
  endsOn?: string;

  /** The day from which periods are counted, at or before the start; the start when it is left out. */
  @ApiPropertyOptional({ example: '2026-01-31' })
  @IsOptional()
  @Matches(DAY, { message: 'anchor must be a day such as 2026-07-01, from 1900 to 2999' })
  anchor?: string;

  /** Its name in the system that it comes from; unique. */
  @ApiPropertyOptional({ example: 'crm-item-17' })
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(200)
  @Matches(TEXT, { message: 'externalId must not hold control characters' })
  externalId?: string;
}

export class EndItemBody {
  /** The first day on which it runs no longer; null: it goes on. */
  @ApiProperty({ type: String, nullable: true, example: '2026-07-01' })
  @ValidateIf((body: EndItemBody) => body.endsOn !== null)
  @Matches(DAY, { message: 'endsOn must be a day such as 2026-07-01, from 1900 to 2999, or null' })
  endsOn!: string | null;
}

export class AccountsQuery extends PageQuery {
  @ApiPropertyOptional({ format: 'uuid' }) @IsOptional() @IsUUID() memberId?: string;
}

export class ItemsQuery extends PageQuery {
  @ApiPropertyOptional({ format: 'uuid' }) @IsOptional() @IsUUID() accountId?: string;
}

export class BalanceQuery {
  /** All that was booked until then; now when it is left out. */
  @ApiPropertyOptional({ format: 'date-time' })
  @IsOptional()
  @IsInstant()
  at?: string;
}

export class AccountDto {
  @ApiProperty({ format: 'uuid' }) readonly id!: string;
  @ApiProperty({ format: 'uuid' }) readonly memberId!: string;
  @ApiProperty({ example: 'USD' }) readonly currency!: string;
  @ApiProperty({ type: MoneyDto, description: 'Owed by the member; below zero by the tenant' })
  readonly balance!: MoneyDto;
  @ApiInstant() readonly createdAt!: string;
  @ApiInstant({ nullable: true, description: 'The end of its newest statement' }) readonly statedThrough!:
    string | null;
}

export class BalanceDto {
  @ApiProperty({ format: 'uuid' }) readonly accountId!: string;
  @ApiProperty({ type: MoneyDto }) readonly balance!: MoneyDto;
  @ApiInstant() readonly at!: string;
}

export class EntryDto {
  @ApiProperty({ format: 'uuid' }) readonly id!: string;
  @ApiProperty({ enum: ENTRY_KINDS }) readonly kind!: EntryKind;
  @ApiProperty({ type: MoneyDto, description: 'What it adds to what the member owes' }) readonly amount!: MoneyDto;
  @ApiProperty() readonly description!: string;
  @ApiProperty({ type: String, nullable: true }) readonly reference!: string | null;
  @ApiInstant() readonly bookedAt!: string;
  @ApiInstant({ nullable: true }) readonly valueAt!: string | null;
  @ApiProperty({ type: 'integer', nullable: true, description: 'The license that allowed the charge of a run' })
  readonly licenseVersion!: number | null;
}

export class ProductDto {
  @ApiProperty({ example: 'locker' }) readonly code!: string;
  @ApiProperty({ example: 'Locker' }) readonly name!: string;
  @ApiInstant() readonly createdAt!: string;
  @ApiInstant({ nullable: true }) readonly archivedAt!: string | null;
}

export class ItemDto {
  @ApiProperty({ format: 'uuid' }) readonly id!: string;
  @ApiProperty({ format: 'uuid' }) readonly accountId!: string;
  @ApiProperty() readonly productCode!: string;
  @ApiProperty() readonly description!: string;
  @ApiProperty({ type: MoneyDto }) readonly price!: MoneyDto;
  @ApiProperty({ example: '1' }) readonly quantity!: string;
  @ApiProperty({ type: 'integer' }) readonly intervalMonths!: number;
  @ApiProperty() readonly timeZone!: string;
  @ApiProperty({ example: '2026-01-31' }) readonly anchor!: string;
  @ApiProperty({ example: '2026-03-01' }) readonly startsOn!: string;
  @ApiProperty({ type: String, nullable: true }) readonly endsOn!: string | null;
  @ApiInstant({ nullable: true, description: 'When its next period begins' }) readonly nextDueAt!: string | null;
  @ApiProperty({ type: String, nullable: true }) readonly externalId!: string | null;
  @ApiInstant() readonly createdAt!: string;
}

export class SkippedPeriodDto {
  @ApiProperty({ format: 'uuid' }) readonly id!: string;
  @ApiProperty({ format: 'uuid' }) readonly itemId!: string;
  @ApiInstant() readonly from!: string;
  @ApiInstant() readonly to!: string;
  @ApiProperty({ type: MoneyDto, description: 'What it comes to when it is charged' }) readonly amount!: MoneyDto;
  @ApiProperty({ example: 'LICENSE.MODULE_NOT_LICENSED' }) readonly reason!: string;
  @ApiProperty({ type: 'integer', nullable: true }) readonly licenseVersion!: number | null;
  @ApiInstant() readonly skippedAt!: string;
}
