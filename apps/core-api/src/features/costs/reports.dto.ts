import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, Matches } from 'class-validator';
import { MoneyDto } from '@biplane/service-kit';
import { MONTH, MONTH_MESSAGE } from '../../month.js';

export class RevenueQuery {
  @ApiProperty({ example: '2026-04', description: 'The billed month of the invoices' })
  @Matches(MONTH, { message: MONTH_MESSAGE })
  period!: string;
}

export class MarginQuery extends RevenueQuery {
  @ApiProperty({ enum: ['deployment', 'kind'] })
  @IsIn(['deployment', 'kind'])
  by!: 'deployment' | 'kind';

  @ApiPropertyOptional({ enum: ['json', 'csv'] })
  @IsOptional()
  @IsIn(['json', 'csv'])
  format?: 'json' | 'csv';
}

export class MarginRowDto {
  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Deployment or resource kind; null for what has no deployment',
  })
  readonly key!: string | null;
  @ApiProperty({ example: 'USD' }) readonly currency!: string;
  @ApiProperty({ type: MoneyDto, description: 'Without tax, less credit notes' }) readonly revenue!: MoneyDto;
  @ApiProperty({ type: MoneyDto }) readonly cost!: MoneyDto;
  @ApiProperty({ type: MoneyDto }) readonly margin!: MoneyDto;
}

export class MarginTotalDto {
  @ApiProperty({ example: 'USD' }) readonly currency!: string;
  @ApiProperty({ type: MoneyDto }) readonly revenue!: MoneyDto;
  @ApiProperty({ type: MoneyDto }) readonly cost!: MoneyDto;
  @ApiProperty({ type: MoneyDto }) readonly margin!: MoneyDto;
  @ApiProperty({ type: MoneyDto, description: 'Of the cost: what names no deployment' })
  readonly unallocatedCost!: MoneyDto;
}

export class MarginDto {
  @ApiProperty({ example: '2026-04' }) readonly period!: string;
  @ApiProperty({ enum: ['deployment', 'kind'] }) readonly by!: string;
  @ApiProperty({ type: [MarginRowDto] }) readonly rows!: readonly MarginRowDto[];
  @ApiProperty({ description: 'Rows were left out; the totals are whole' }) readonly isTruncated!: boolean;
  @ApiProperty({ type: [MarginTotalDto], description: 'One a currency: currencies are never added up' })
  readonly totals!: readonly MarginTotalDto[];
}

export class RevenueSumsDto {
  @ApiProperty({ type: MoneyDto }) readonly net!: MoneyDto;
  @ApiProperty({ type: MoneyDto }) readonly tax!: MoneyDto;
  @ApiProperty({ type: MoneyDto }) readonly total!: MoneyDto;
}

export class RevenueOfCurrencyDto {
  @ApiProperty({ example: 'USD' }) readonly currency!: string;
  @ApiProperty({ example: 12 }) readonly invoices!: number;
  @ApiProperty({ type: RevenueSumsDto, description: 'The sum of the invoices of the month that are not void' })
  readonly invoiced!: RevenueSumsDto;
  @ApiProperty({ type: RevenueSumsDto, description: 'What credit notes took back of them, whenever they were issued' })
  readonly credited!: RevenueSumsDto;
  @ApiProperty({ type: RevenueSumsDto }) readonly revenue!: RevenueSumsDto;
}

export class RevenueDto {
  @ApiProperty({ example: '2026-04' }) readonly period!: string;
  @ApiProperty({ type: [RevenueOfCurrencyDto] }) readonly currencies!: readonly RevenueOfCurrencyDto[];
}
