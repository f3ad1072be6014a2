import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, IsString, MaxLength, MinLength } from 'class-validator';
import { ApiInstant, PageQuery } from '@biplane/service-kit';
import { DeploymentDto } from '../deployments/index.js';

export class TenantsQuery extends PageQuery {
  @ApiPropertyOptional({ example: 'acme' })
  @IsOptional()
  @IsString()
  @MaxLength(63)
  slug?: string;
}

export class TenantReasonBody {
  @ApiProperty({ example: 'asked for by the customer' })
  @IsString()
  @MinLength(1)
  @MaxLength(500)
  reason!: string;
}

export class TenantDto {
  @ApiProperty({ format: 'uuid' }) readonly id!: string;
  @ApiProperty({ example: 'acme' }) readonly slug!: string;
  @ApiProperty({ example: 'Acme Pty Ltd' }) readonly name!: string;
  @ApiProperty({ example: 'active' }) readonly state!: string;
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
