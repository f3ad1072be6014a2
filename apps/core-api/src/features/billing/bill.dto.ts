import { ApiProperty } from '@nestjs/swagger';
import { MoneyDto } from '@biplane/service-kit';
import { IsString, Matches } from 'class-validator';
import { MONTH, MONTH_MESSAGE } from '../../month.js';

export class BillPeriodDto {
  @ApiProperty({ format: 'date-time' })
  from!: string;

  @ApiProperty({ format: 'date-time' })
  to!: string;
}

export class LineExplanationDto {
  @ApiProperty({ example: '2160 used - 1488 included' })
  text!: string;

  @ApiProperty({ type: String, nullable: true })
  quantity!: string | null;

  @ApiProperty({ type: MoneyDto, nullable: true })
  amount!: MoneyDto | null;
}

export class LineDto {
  @ApiProperty({ description: 'The same for the same thing in every computation of a bill' })
  id!: string;

  @ApiProperty({
    enum: ['plan_base', 'addon', 'module_days', 'overage', 'commitment', 'discount', 'setup', 'adjustment', 'tax'],
  })
  kind!: string;

  @ApiProperty({ type: String, nullable: true, description: 'Null on tax lines: taxes are on the whole bill' })
  deployment!: string | null;

  @ApiProperty({ example: 'droplet_hours' })
  resourceKind!: string;

  @ApiProperty()
  description!: string;

  @ApiProperty({ example: '672' })
  quantity!: string;

  @ApiProperty({ type: String, nullable: true, example: '0.01' })
  unitPrice!: string | null;

  @ApiProperty({ type: MoneyDto })
  amount!: MoneyDto;

  @ApiProperty({
    type: BillPeriodDto,
    description: 'In which it was owed: that of the bill, but for an adjustment of an earlier one',
  })
  period!: BillPeriodDto;

  @ApiProperty({ type: [LineExplanationDto] })
  explanation!: readonly LineExplanationDto[];
}

export class BillTaxDto {
  @ApiProperty({ example: 'GST' })
  code!: string;

  @ApiProperty({ example: '0.10' })
  rate!: string;

  @ApiProperty({ type: MoneyDto })
  base!: MoneyDto;

  @ApiProperty({ type: MoneyDto })
  amount!: MoneyDto;
}

/** A computed bill. Nothing of it is stored. */
export class BillDto {
  @ApiProperty({ type: [LineDto], description: 'Tax lines included' })
  lines!: readonly LineDto[];

  @ApiProperty({ type: MoneyDto, description: 'Without tax' })
  subtotal!: MoneyDto;

  @ApiProperty({ type: [BillTaxDto] })
  taxes!: readonly BillTaxDto[];

  @ApiProperty({ type: MoneyDto })
  total!: MoneyDto;

  @ApiProperty({ description: 'SHA-256 of everything the bill was computed from' })
  inputHash!: string;
}

/** `?period=2026-04`: a calendar month in the tenant's zone. */
export class MonthQuery {
  @ApiProperty({ example: '2026-04' })
  @IsString()
  @Matches(MONTH, { message: MONTH_MESSAGE })
  period!: string;
}
