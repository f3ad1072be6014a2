import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { PageQuery } from '@biplane/service-kit';
import { IsIn, IsOptional, IsUUID, Matches } from 'class-validator';
import { MONTH, MONTH_MESSAGE } from '../../month.js';
import { BillDto, BillPeriodDto } from '../billing/index.js';

export class InvoiceRequestDto {
  @ApiProperty({ format: 'uuid' })
  @IsUUID()
  tenantId!: string;

  @ApiProperty({ example: '2026-04', description: "A calendar month in the tenant's zone" })
  @Matches(MONTH, { message: MONTH_MESSAGE })
  period!: string;

  @ApiProperty({ enum: ['preview', 'issue'] })
  @IsIn(['preview', 'issue'])
  action!: 'preview' | 'issue';
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
}

export class IssuerDto {
  @ApiProperty({ example: 'BP' }) readonly code!: string;
  @ApiProperty({ example: 'Biplane' }) readonly name!: string;
  @ApiProperty({ type: [String], example: ['1 Runway Road'] }) readonly address!: readonly string[];
  @ApiProperty({ example: 'UTC', description: 'Decides in which year a number is taken' }) readonly timeZone!: string;
  @ApiProperty({ type: String, nullable: true }) readonly taxId!: string | null;
}

export class BuyerDto {
  @ApiProperty({ format: 'uuid' }) readonly tenantId!: string;
  @ApiProperty({ example: 'Acme Pty Ltd' }) readonly name!: string;
  @ApiProperty({ example: 'AU' }) readonly country!: string;
  @ApiProperty({ example: 'en-AU' }) readonly locale!: string;
}

/**
 * A bill with what makes it an invoice. A preview is the bill alone: id, number, instants and hash are null, the status
 * is `preview`, and what stands in the document of an issued one is absent.
 */
export class InvoiceDto extends BillDto {
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  id!: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'INV-2026-000042' })
  number!: string | null;

  @ApiProperty({ enum: ['preview', 'issued', 'paid', 'void'] })
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
}
