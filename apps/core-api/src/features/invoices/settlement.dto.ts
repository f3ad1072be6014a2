import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ApiInstant, IsInstant, MoneyDto } from '@biplane/service-kit';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsDefined,
  IsIn,
  IsString,
  Matches,
  MaxLength,
  MinLength,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import { IsReason } from '../../reason.js';
import { BillPeriodDto } from '../billing/index.js';
import { BuyerDto, DocumentRefDto, IssuerDto, MayBeLeftOut, PRINTABLE } from './invoices.dto.js';

/** Above zero, and smaller than anybody owes. */
const AMOUNT = /^(?=.*[1-9])(?:0|[1-9]\d{0,12})(?:\.\d{1,4})?$/;
const AMOUNT_MESSAGE = 'amount must be a decimal above zero, such as 12.50';
/** An invoice has fewer lines than this that can be credited by themselves. */
const LINES_MAX = 500;

export class AmountBody {
  @ApiProperty({ example: '70.64' })
  @IsString()
  @Matches(AMOUNT, { message: AMOUNT_MESSAGE })
  amount!: string;

  @ApiProperty({ example: 'USD' })
  @Matches(/^[A-Z]{3}$/, { message: 'currency must be an ISO 4217 code' })
  currency!: string;
}

export const PAYMENT_METHODS = ['bank_transfer', 'direct_debit', 'card', 'cash', 'other'] as const;

export class PaymentBody {
  @ApiPropertyOptional({ type: AmountBody, description: 'All that is open, when left out: marks the invoice paid' })
  @MayBeLeftOut()
  @ValidateNested()
  @Type(() => AmountBody)
  amount?: AmountBody;

  @ApiProperty({ enum: PAYMENT_METHODS })
  @IsIn(PAYMENT_METHODS)
  method!: (typeof PAYMENT_METHODS)[number];

  @ApiPropertyOptional({ example: 'stripe', description: 'Who took the money; goes with providerReference' })
  @ValidateIf(
    ({ provider, providerReference }: PaymentBody) => provider !== undefined || providerReference !== undefined,
  )
  @Matches(/^[a-z][a-z0-9_-]{0,39}$/, { message: 'provider must be a code such as stripe' })
  provider?: string;

  @ApiPropertyOptional({
    example: 'pi_3MtwBw',
    description: 'By which the provider knows the payment. Never card data',
  })
  @ValidateIf(
    ({ provider, providerReference }: PaymentBody) => provider !== undefined || providerReference !== undefined,
  )
  @IsString()
  @MinLength(1)
  @MaxLength(200)
  @Matches(PRINTABLE, { message: 'providerReference must not hold control characters' })
  providerReference?: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'When it was received; now, when left out' })
  @MayBeLeftOut()
  @IsInstant()
  receivedAt?: string;
}

export class PaymentDto {
  @ApiProperty({ format: 'uuid' }) readonly id!: string;
  @ApiProperty({ format: 'uuid' }) readonly invoiceId!: string;
  @ApiProperty({ type: MoneyDto }) readonly amount!: MoneyDto;
  @ApiProperty({ type: MoneyDto, description: 'What it took of the invoice' }) readonly applied!: MoneyDto;
  @ApiProperty({ type: MoneyDto, description: "What was too much, and went to the tenant's balance" })
  readonly toBalance!: MoneyDto;
  @ApiProperty({ enum: PAYMENT_METHODS }) readonly method!: string;
  @ApiProperty({ type: String, nullable: true }) readonly provider!: string | null;
  @ApiProperty({ type: String, nullable: true }) readonly providerReference!: string | null;
  @ApiInstant() readonly receivedAt!: string;
  @ApiInstant() readonly recordedAt!: string;
}

export class CreditLineBody {
  @ApiProperty({ description: 'The `id` of a line of the invoice; its tax is credited with it' })
  @IsString()
  @MinLength(1)
  @MaxLength(1_000)
  lineId!: string;

  @ApiProperty({ type: AmountBody, description: 'Without tax' })
  @IsDefined()
  @ValidateNested()
  @Type(() => AmountBody)
  amount!: AmountBody;
}

export class CreditNoteBody {
  @ApiProperty({ example: 'an hour without service' })
  @IsReason()
  @Matches(PRINTABLE, { message: 'reason must not hold control characters' })
  reason!: string;

  @ApiPropertyOptional({
    type: AmountBody,
    description: 'With tax, over all lines; all that is left when neither is given',
  })
  @MayBeLeftOut()
  @ValidateNested()
  @Type(() => AmountBody)
  amount?: AmountBody;

  @ApiPropertyOptional({ type: [CreditLineBody] })
  @MayBeLeftOut()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(LINES_MAX)
  @ArrayUnique(({ lineId }: CreditLineBody) => lineId)
  @ValidateNested({ each: true })
  @Type(() => CreditLineBody)
  lines?: CreditLineBody[];
}

export class CreditedInvoiceDto extends DocumentRefDto {
  @ApiInstant() readonly issuedAt!: string;
}

export class CreditNoteLineDto {
  @ApiProperty() readonly lineId!: string;
  @ApiProperty() readonly kind!: string;
  @ApiProperty({ type: String, nullable: true }) readonly deployment!: string | null;
  @ApiProperty() readonly resourceKind!: string;
  @ApiProperty() readonly description!: string;
  @ApiProperty({ description: 'By how much less was used; zero where the amount alone is credited' })
  readonly quantity!: string;
  @ApiProperty({ type: MoneyDto }) readonly amount!: MoneyDto;
  @ApiProperty({ type: BillPeriodDto }) readonly period!: BillPeriodDto;
}

export class CreditNoteTaxDto {
  @ApiProperty({ example: 'GST' }) readonly code!: string;
  @ApiProperty({ type: MoneyDto }) readonly amount!: MoneyDto;
}

export class CreditNoteDto {
  @ApiProperty({ format: 'uuid' }) readonly id!: string;
  @ApiProperty({ example: 'CN-2026-000007' }) readonly number!: string;
  @ApiProperty({ enum: ['credit_note'] }) readonly kind!: 'credit_note';
  @ApiProperty({ enum: ['manual', 'late_usage'] }) readonly cause!: string;
  @ApiProperty() readonly reason!: string;
  @ApiProperty({ type: CreditedInvoiceDto }) readonly invoice!: CreditedInvoiceDto;
  @ApiProperty({ type: IssuerDto }) readonly issuer!: IssuerDto;
  @ApiProperty({ type: BuyerDto }) readonly buyer!: BuyerDto;
  @ApiProperty({ example: '2026-04' }) readonly billedMonth!: string;
  @ApiProperty({ example: 'USD' }) readonly currency!: string;
  @ApiInstant() readonly issuedAt!: string;
  @ApiProperty({ type: [CreditNoteLineDto] }) readonly lines!: readonly CreditNoteLineDto[];
  @ApiProperty({ type: MoneyDto }) readonly subtotal!: MoneyDto;
  @ApiProperty({ type: [CreditNoteTaxDto] }) readonly taxes!: readonly CreditNoteTaxDto[];
  @ApiProperty({ type: MoneyDto, description: 'What is credited, tax included' }) readonly total!: MoneyDto;
  @ApiProperty({ type: MoneyDto }) readonly appliedToInvoice!: MoneyDto;
  @ApiProperty({ type: MoneyDto, description: 'What was paid already' }) readonly toBalance!: MoneyDto;
  @ApiProperty() readonly contentHash!: string;
}

export class BalanceDto {
  @ApiProperty({ format: 'uuid' }) readonly tenantId!: string;
  @ApiProperty({ type: [MoneyDto], description: 'By currency; empty when nothing was ever with the platform' })
  readonly balances!: readonly MoneyDto[];
}

export class BalanceEntryDto {
  @ApiProperty({ description: 'Rises by one' }) readonly sequence!: number;
  @ApiProperty({ type: MoneyDto, description: 'Below zero for what was used' }) readonly amount!: MoneyDto;
  @ApiProperty({ type: MoneyDto, description: 'After it' }) readonly balance!: MoneyDto;
  @ApiProperty({ enum: ['negative_total', 'credit_note', 'overpayment', 'returned', 'applied'] })
  readonly cause!: string;
  @ApiProperty({ format: 'uuid', description: 'The invoice, payment or credit note' }) readonly sourceId!: string;
  @ApiProperty({ format: 'uuid' }) readonly invoiceId!: string;
  @ApiInstant() readonly at!: string;
}
