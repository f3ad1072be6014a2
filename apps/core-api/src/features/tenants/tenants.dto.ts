import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, Matches } from 'class-validator';
import { ApiInstant, PageQuery } from '@biplane/service-kit';
import { SLUG, SLUG_MESSAGE } from '../../codes.js';
import { IsReason } from '../../reason.js';
import { DeploymentDto } from '../deployments/index.js';

export class TenantsQuery extends PageQuery {
  @ApiPropertyOptional({ example: 'acme' })
  @IsOptional()
  @Matches(SLUG, { message: SLUG_MESSAGE })
  slug?: string;
}

export class TenantReasonBody {
  @ApiProperty({ example: 'asked for by the customer' })
  @IsReason()
  reason!: string;
}

export class TenantDto {
  @ApiProperty({ format: 'uuid' }) readonly id!: string;
  @ApiProperty({ example: 'acme' }) readonly slug!: string;
  @ApiProperty({ example: 'Acme Pty Ltd' }) readonly name!: string;
  @ApiProperty({ enum: ['active', 'suspended', 'retiring', 'archived'] }) readonly state!: string;
  @ApiInstant() readonly createdAt!: Date;
}

export class TenantBillingDto {
  @ApiProperty({ example: 'USD' }) readonly currency!: string;
  @ApiProperty({ example: 'Australia/Brisbane' }) readonly timeZone!: string;
  @ApiProperty({ example: 'AU' }) readonly country!: string;
  @ApiProperty({ type: String, nullable: true }) readonly taxId!: string | null;
  @ApiProperty() readonly payByInvoice!: boolean;
  @ApiProperty({ example: 'en-AU' }) readonly locale!: string;
}

export class TenantPageDto extends TenantDto {
  @ApiProperty({ type: TenantBillingDto }) readonly billing!: TenantBillingDto;
  @ApiProperty({ type: [DeploymentDto] }) readonly deployments!: readonly DeploymentDto[];
}
