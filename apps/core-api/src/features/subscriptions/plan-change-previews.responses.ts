import { ApiProperty } from '@nestjs/swagger';
import { ApiInstant, MoneyDto } from '@biplane/service-kit';
import { SoldPlanDto } from '../deployments/index.js';
import type { PlanChangePreview } from './plan-change-previews.service.js';

class PreviewPeriodDto {
  @ApiProperty({ format: 'date-time' }) readonly from!: string;
  @ApiProperty({ format: 'date-time' }) readonly to!: string;
}

class PreviewExplanationDto {
  @ApiProperty({ example: 'Studio, 10 of 30 days' }) readonly text!: string;
  @ApiProperty({ type: String, nullable: true }) readonly quantity!: string | null;
  @ApiProperty({ type: MoneyDto, nullable: true }) readonly amount!: MoneyDto | null;
}

/** A line as it would stand on the invoice. */
class PreviewLineDto {
  @ApiProperty() readonly id!: string;
  @ApiProperty({ example: 'plan_base' }) readonly kind!: string;
  @ApiProperty({ type: String, nullable: true }) readonly deployment!: string | null;
  @ApiProperty({ example: 'team' }) readonly resourceKind!: string;
  @ApiProperty() readonly description!: string;
  @ApiProperty({ example: '1' }) readonly quantity!: string;
  @ApiProperty({ type: String, nullable: true }) readonly unitPrice!: string | null;
  @ApiProperty({ type: MoneyDto }) readonly amount!: MoneyDto;
  @ApiProperty({ type: PreviewPeriodDto }) readonly period!: PreviewPeriodDto;
  @ApiProperty({ type: [PreviewExplanationDto] }) readonly explanation!: readonly PreviewExplanationDto[];
}

class PreviewTaxDto {
  @ApiProperty({ example: 'GST' }) readonly code!: string;
  @ApiProperty({ example: '0.10' }) readonly rate!: string;
  @ApiProperty({ type: MoneyDto }) readonly base!: MoneyDto;
  @ApiProperty({ type: MoneyDto }) readonly amount!: MoneyDto;
}

class PreviewBillDto {
  @ApiProperty({ type: [PreviewLineDto], description: 'Tax lines included' })
  readonly lines!: readonly PreviewLineDto[];
  @ApiProperty({ type: MoneyDto, description: 'Without tax' }) readonly subtotal!: MoneyDto;
  @ApiProperty({ type: [PreviewTaxDto] }) readonly taxes!: readonly PreviewTaxDto[];
  @ApiProperty({ type: MoneyDto }) readonly total!: MoneyDto;
  @ApiProperty({ description: 'SHA-256 of everything the bill was computed from' }) readonly inputHash!: string;
}

class PreviewMonthDto {
  @ApiProperty({ example: '2026-04' }) readonly period!: string;
  @ApiProperty({ type: PreviewBillDto, description: 'As the subscription is' }) readonly before!: PreviewBillDto;
  @ApiProperty({ type: PreviewBillDto, description: 'As it would be' }) readonly after!: PreviewBillDto;
}

/** What a change of plan would come to. Nothing of it is done. */
export class PlanChangePreviewDto {
  @ApiProperty({ enum: [true] }) readonly preview!: true;
  @ApiProperty({ type: SoldPlanDto }) readonly plan!: SoldPlanDto;
  @ApiProperty({ enum: ['upgrade', 'downgrade', 'lateral'] }) readonly direction!: string;
  @ApiInstant() readonly entitledFrom!: Date;
  @ApiInstant() readonly pricedFrom!: Date;
  @ApiProperty({
    type: [PreviewMonthDto],
    description: 'The month that runs, by the usage so far, and the one after it',
  })
  readonly months!: readonly PreviewMonthDto[];
}

export function planChangePreviewJson({ change, months }: PlanChangePreview): PlanChangePreviewDto {
  const { planCode, planVersion, direction, entitledFrom, pricedFrom } = change;
  return {
    preview: true,
    plan: { code: planCode, version: planVersion },
    direction,
    entitledFrom,
    pricedFrom,
    months,
  };
}
