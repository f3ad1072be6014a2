import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { MoneyDto, PageQuery } from '@biplane/service-kit';
import { IsBoolean, IsIn, IsOptional, IsUUID, Matches, ValidateIf } from 'class-validator';
import { MONTH, MONTH_MESSAGE } from '../../month.js';
import { IsReason } from '../../reason.js';
import { BillDto, BillPeriodDto } from '../billing/index.js';

/** No control characters, and something to see. */
export const PRINTABLE = /^(?=.*[^\s])[^\p{Cc}\p{Zl}\p{Zp}]*$/u;

/** Unlike `IsOptional`: null is no way to leave something out. */
export const MayBeLeftOut = (): PropertyDecorator => ValidateIf((_, value) => value !== undefined);

export const INVOICE_STATUSES = ['draft', 'issued', 'paid', 'void'] as const;

export class InvoiceRequestDto {
  @ApiProperty({ format: 'uuid' })
  @IsUUID()
  tenantId!: string;

  @ApiProperty({ example: '2026-04', description: "A calendar month in the tenant's zone" })
  @Matches(MONTH, { message: MONTH_MESSAGE })
  period!: string;

  @ApiProperty({
    enum: ['preview', 'draft', 'issue'],
    description: 'A draft is kept to be looked at, without a number',
  })
  @IsIn(['preview', 'draft', 'issue'])
  action!: 'preview' | 'draft' | 'issue';

  @ApiPropertyOptional({ description: 'With `issue`: void the invoice of the month, if there is one, and replace it' })
  @MayBeLeftOut()
  @IsBoolean()
  force?: boolean;

  @ApiPropertyOptional({ description: 'Why it is replaced; needed with `force`' })
  @MayBeLeftOut()
  @IsReason()
  @Matches(PRINTABLE, { message: 'reason must not hold control characters' })
  reason?: string;
}

export class VoidInvoiceDto {
  @ApiProperty({ example: 'sent to the wrong company' })
  @IsReason()
  @Matches(PRINTABLE, { message: 'reason must not hold control characters' })
  reason!: string;
}

export class InvoiceListQuery extends PageQuery {
  @ApiPropertyOptional({ format: 'uuid' })
  @IsOptional()
  @IsUUID()
  tenantId?: string;

  @ApiPropertyOptional({ example: '2026-04' })
  @IsOptional()
  @Matches(MONTH, { message: MONTH_MESSAGE })
  period?: string;

  @ApiPropertyOptional({ enum: INVOICE_STATUSES, description: 'Without it all but drafts are listed' })
  @IsOptional()
  @IsIn(INVOICE_STATUSES)
  status?: (typeof INVOICE_STATUSES)[number];
}

export class InvoiceFormatQuery {
  @ApiPropertyOptional({ enum: ['json', 'csv'], description: 'Before what `Accept` asks for' })
  @IsOptional()
  @IsIn(['json', 'csv'])
  format?: 'json' | 'csv';
}

export class InvoiceExportQuery {
  @ApiProperty({ example: '2026-04' })
  @Matches(MONTH, { message: MONTH_MESSAGE })
  period!: string;

  @ApiPropertyOptional({ format: 'uuid' })
  @IsOptional()
  @IsUUID()
  tenantId?: string;

  @ApiPropertyOptional({ enum: ['issued', 'paid', 'void'] })
  @IsOptional()
  @IsIn(['issued', 'paid', 'void'])
  status?: 'issued' | 'paid' | 'void';
}

export class IssuerDto {
  @ApiProperty({ example: 'BP' }) readonly code!: string;
  @ApiProperty({ example: 'Biplane' }) readonly name!: string;
  @ApiProperty({ type: [String], example: ['1 Runway Road'] }) readonly address!: readonly string[];
  @ApiProperty({ example: 'UTC', description: 'Decides in which year a number is taken' }) readonly timeZone!: string;
  @ApiProperty({ type: String, nullable: true }) readonly taxId!: string | null;
  @ApiPropertyOptional({ type: [String], example: ['IBAN: CH93 0076 2011 6238 5295 7'] })
  readonly payment?: readonly string[];
}

export class BuyerDto {
  @ApiProperty({ format: 'uuid' }) readonly tenantId!: string;
  @ApiProperty({ example: 'Acme Pty Ltd' }) readonly name!: string;
  @ApiProperty({ example: 'AU' }) readonly country!: string;
  @ApiProperty({ example: 'en-AU' }) readonly locale!: string;
  @ApiPropertyOptional({ description: 'SHA-256 of address, tax id and a salt: the content hash holds for them too' })
  readonly detailsHash?: string;
  @ApiPropertyOptional({ type: [String], nullable: true, description: 'As of issue' })
  readonly address?: readonly string[] | null;
  @ApiPropertyOptional({ type: String, nullable: true, description: 'As of issue' })
  readonly taxId?: string | null;
}

export class DocumentRefDto {
  @ApiProperty({ format: 'uuid' }) readonly id!: string;
  @ApiProperty({ example: 'INV-2026-000042' }) readonly number!: string;
}

export class AtIssueDto {
  @ApiProperty({ type: MoneyDto, description: "Of the tenant's balance" }) readonly creditApplied!: MoneyDto;
  @ApiProperty({ type: MoneyDto, description: 'What was left to pay' }) readonly amountDue!: MoneyDto;
}

/** What an invoice was settled with so far. */
export class SettlementDto {
  @ApiProperty({ type: MoneyDto }) readonly creditApplied!: MoneyDto;
  @ApiProperty({ type: MoneyDto }) readonly paid!: MoneyDto;
  @ApiProperty({ type: MoneyDto, description: 'By credit notes in all' }) readonly credited!: MoneyDto;
  @ApiProperty({ type: MoneyDto, description: 'What is still to be paid' }) readonly amountDue!: MoneyDto;
}

export class VoidedDto {
  @ApiProperty({ format: 'date-time' }) readonly at!: string;
  @ApiProperty() readonly reason!: string;
  @ApiProperty({ type: DocumentRefDto, nullable: true }) readonly replacedBy!: DocumentRefDto | null;
}

/**
 * A bill with what makes it an invoice. A preview is the bill alone: id, number, instants and hash are null, the status
 * is `preview`, and what stands in the document of an issued one is absent. A draft is a preview that is kept, with an id.
 */
export class InvoiceDto extends BillDto {
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  id!: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'INV-2026-000042' })
  number!: string | null;

  @ApiProperty({ enum: ['preview', 'draft', 'issued', 'paid', 'void'] })
  status!: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  issuedAt!: string | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  dueAt!: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'SHA-256 of the issued content; it never changes' })
  contentHash!: string | null;

  @ApiPropertyOptional({ enum: ['cycle'] })
  kind?: 'cycle';

  @ApiPropertyOptional({ type: IssuerDto })
  issuer?: IssuerDto;

  @ApiPropertyOptional({ type: BuyerDto })
  buyer?: BuyerDto;

  @ApiPropertyOptional({ example: '2026-04' })
  billedMonth?: string;

  @ApiPropertyOptional({ type: BillPeriodDto })
  period?: BillPeriodDto;

  @ApiPropertyOptional({ example: 'USD' })
  currency?: string;

  @ApiPropertyOptional({ description: 'The cut-off passed before every home had closed its hours' })
  provisional?: boolean;

  @ApiPropertyOptional({
    type: AtIssueDto,
    description: 'What the document says is to be paid; the total is not altered',
  })
  atIssue?: AtIssueDto;

  @ApiPropertyOptional({
    type: DocumentRefDto,
    description: 'The void invoice of the same month in whose place it stands',
  })
  replaces?: DocumentRefDto;

  @ApiPropertyOptional({ type: SettlementDto })
  settlement?: SettlementDto;

  @ApiPropertyOptional({ type: String, format: 'date-time', nullable: true })
  paidAt?: string | null;

  @ApiPropertyOptional({ type: VoidedDto, nullable: true })
  voided?: VoidedDto | null;

  @ApiPropertyOptional({ format: 'uuid', description: 'Of a draft' })
  tenantId?: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'Of a draft' })
  computedAt?: string;
}
