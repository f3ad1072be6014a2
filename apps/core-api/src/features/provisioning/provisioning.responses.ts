import { ApiProperty } from '@nestjs/swagger';
import { DeploymentDto, SubscriptionDto } from '../deployments/index.js';
import { OperationDto } from '../operations/index.js';
import { TenantDto } from '../tenants/index.js';

export class CreatedTenantDto {
  @ApiProperty({ type: TenantDto }) readonly tenant!: TenantDto;
  @ApiProperty({ type: DeploymentDto }) readonly deployment!: DeploymentDto;
  @ApiProperty({ type: OperationDto }) readonly operation!: OperationDto;
  @ApiProperty({ type: String, nullable: true, description: 'Shown once; null when the answer is repeated' })
  readonly inviteToken!: string | null;
}

export class CreatedDeploymentDto {
  @ApiProperty({ type: DeploymentDto }) readonly deployment!: DeploymentDto;
  @ApiProperty({ type: OperationDto, nullable: true, description: 'Null while it is not subscribed' })
  readonly operation!: OperationDto | null;
  @ApiProperty({ type: String, nullable: true, description: 'Shown once; null when the answer is repeated' })
  readonly inviteToken!: string | null;
}

export class SubscribedDto extends SubscriptionDto {
  @ApiProperty({ type: OperationDto }) readonly operation!: OperationDto;
  @ApiProperty({ type: String, nullable: true, description: 'Shown once; null when the answer is repeated' })
  readonly inviteToken!: string | null;
}
