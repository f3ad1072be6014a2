import { ApiProperty } from '@nestjs/swagger';
import type { AddonGrant } from './domain/addon.js';
import type { MeterDefinition, TaxDefinition } from './domain/catalog-entries.js';
import { STRATEGIES, type LimitWindow, type Strategy } from './domain/plan-version.js';

/** A price as it was given: what stands beside `kind` depends on it. */
export const ApiPrice = (example: PriceJson): PropertyDecorator =>
  ApiProperty({
    type: 'object',
    selfRequired: true,
    required: ['kind'],
    properties: { kind: { type: 'string', example: 'per_unit' } },
    additionalProperties: true,
    example,
  });

export type PriceJson = { readonly kind: string } & Readonly<Record<string, unknown>>;

export class MeterDto implements MeterDefinition {
  @ApiProperty({ example: 'droplet_hours' }) readonly meter!: string;
  @ApiProperty({ example: 'Droplet hours' }) readonly name!: string;
  @ApiProperty({ example: 'hour' }) readonly unit!: string;
  @ApiProperty({ enum: ['sum', 'peak', 'last'] }) readonly aggregation!: MeterDefinition['aggregation'];
  @ApiProperty({ enum: ['control', 'data'], description: 'The plane that counts it' })
  readonly authority!: MeterDefinition['authority'];
}

export class AddonGrantDto implements AddonGrant {
  @ApiProperty({ example: 'storage' }) readonly module!: string;
  @ApiProperty({ example: 'storage_gb' }) readonly meter!: string;
  @ApiProperty({ example: '50' }) readonly addToCap!: string;
}

export class AddonDto {
  @ApiProperty({ example: 'storage_50gb' }) readonly code!: string;
  @ApiProperty({ example: 'Storage 50 GB' }) readonly name!: string;
  @ApiProperty({ example: 'storage' }) readonly resourceKind!: string;
  @ApiProperty({ example: 'USD' }) readonly currency!: string;
  @ApiPrice({ kind: 'flat', amount: '7.50' }) readonly price!: PriceJson;
  @ApiProperty({ type: [AddonGrantDto] }) readonly grants!: readonly AddonGrantDto[];
}

export class TaxDto implements TaxDefinition {
  @ApiProperty({ example: 'AU' }) readonly country!: string;
  @ApiProperty({ example: 'GST' }) readonly code!: string;
  @ApiProperty({ example: 'GST 10 %' }) readonly name!: string;
  @ApiProperty({ example: '0.10' }) readonly rate!: string;
  @ApiProperty({ example: '2000-07-01' }) readonly from!: string;
  @ApiProperty({ type: String, nullable: true, description: 'The first day on which it no longer holds' })
  readonly to!: string | null;
}

/** A feature, a limit of a plan, or what an add-on adds to a limit. */
export class EntitlementDto {
  @ApiProperty({ example: 'storage' }) readonly module!: string;
  @ApiProperty({
    type: String,
    nullable: true,
    example: 'financials.api_calls.month',
    description: '`module.meter`, and its window if it has one',
  })
  readonly quotaKey!: string | null;
  @ApiProperty({ required: false, example: 'automated_billing' }) readonly feature?: string;
  @ApiProperty({ required: false, example: 'storage_gb' }) readonly meter?: string;
  @ApiProperty({ required: false, example: '100', description: 'Of a limit' }) readonly cap?: string;
  @ApiProperty({ required: false, enum: ['day', 'month'], nullable: true, description: 'Of a limit; null of a level' })
  readonly window?: LimitWindow;
  @ApiProperty({ required: false, enum: STRATEGIES, description: 'Of a limit' }) readonly strategy?: Strategy;
  @ApiProperty({ required: false, example: '50', description: 'Of an add-on' }) readonly addToCap?: string;
}

export class CatalogItemDto {
  @ApiProperty({ enum: ['plan', 'addon'] }) readonly kind!: 'plan' | 'addon';
  @ApiProperty({ example: 'studio' }) readonly code!: string;
  @ApiProperty({ example: 'Studio' }) readonly name!: string;
  @ApiProperty({ type: 'integer', nullable: true, example: 1, description: 'The newest published one of a plan' })
  readonly version!: number | null;
  @ApiProperty({ type: [EntitlementDto] }) readonly entitlements!: readonly EntitlementDto[];
}
