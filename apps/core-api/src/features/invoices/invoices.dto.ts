import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { PageQuery } from '@biplane/service-kit';
import { IsIn, IsOptional, IsUUID, Matches } from 'class-validator';
import { BillDto } from '../billing/index.js';

// 9999-12 ends in a year of five digits, which PostgreSQL does not read.
const month = /^(?!9999-12)[1-9]\d{3}-(?:0[1-9]|1[0-2])$/;

export class InvoiceRequestDto {
  @ApiProperty({ format: 'uuid' })
  @IsUUID()
  tenantId!: string;

  @ApiProperty({ example: '2026-04', description: "A calendar month in the tenant's zone" })
  @Matches(month, { message: '$property must be a month such as 2026-04' })
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
  @Matches(month, { message: '$property must be a month such as 2026-04' })
  period?: string;
}

/** A bill with what makes it an invoice. In a preview these members are null and the status is `preview`. */
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
}
