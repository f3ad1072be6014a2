import { ApiProperty } from '@nestjs/swagger';
import { ApiInstant } from '@biplane/service-kit';
import { DeploymentDto, SubscriptionDto } from '../deployments/index.js';
import { TenantDto } from '../tenants/index.js';
import type { Saga, StepName, StepState } from './domain/saga.js';

const STEPS: readonly StepName[] = [
  'recorded',
  'license_issued',
  'cluster_applied',
  'database_ready',
  'admin_ready',
  'ready',
];
const STEP_STATES: readonly StepState[] = ['pending', 'running', 'succeeded', 'failed'];

export class OperationStepDto {
  @ApiProperty({ enum: STEPS }) readonly name!: StepName;
  @ApiProperty({ enum: STEP_STATES }) readonly state!: StepState;
  @ApiProperty({ type: 'integer', example: 1 }) readonly attempts!: number;
  @ApiInstant({ nullable: true }) readonly startedAt!: Date | null;
  @ApiInstant({ nullable: true }) readonly endedAt!: Date | null;
  @ApiProperty({ type: String, nullable: true, example: 'the database is migrating' })
  readonly reason!: string | null;
}

export class OperationDto {
  @ApiProperty({ format: 'uuid' }) readonly id!: string;
  @ApiProperty({ enum: ['provision'] }) readonly kind!: 'provision';
  @ApiProperty({ format: 'uuid' }) readonly tenantId!: string;
  @ApiProperty({ format: 'uuid' }) readonly deploymentId!: string;
  @ApiProperty({ enum: ['running', 'succeeded', 'failed'] }) readonly state!: Saga['state'];
  @ApiProperty({ type: String, nullable: true, description: 'Why it failed' }) readonly reason!: string | null;
  @ApiProperty({ type: [OperationStepDto] }) readonly steps!: readonly OperationStepDto[];
  @ApiInstant() readonly createdAt!: Date;
  @ApiInstant({ nullable: true }) readonly endedAt!: Date | null;
  @ApiInstant({ nullable: true, description: 'When it fails unless the home has reported by then' })
  readonly nextActionAt!: Date | null;
}

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
