import { ApiProperty } from '@nestjs/swagger';
import { ApiInstant } from '@biplane/service-kit';
import type { Saga, StepState } from './domain/saga.js';
import { OPERATION_KINDS, type OperationKind } from './operation.js';

const STEP_STATES: readonly StepState[] = ['pending', 'running', 'succeeded', 'failed'];

export class OperationStepDto {
  @ApiProperty({ example: 'database_ready', description: 'A step of its kind' }) readonly name!: string;
  @ApiProperty({ enum: STEP_STATES }) readonly state!: StepState;
  @ApiProperty({ type: 'integer', example: 1 }) readonly attempts!: number;
  @ApiInstant({ nullable: true }) readonly startedAt!: Date | null;
  @ApiInstant({ nullable: true }) readonly endedAt!: Date | null;
  @ApiProperty({ type: String, nullable: true, example: 'the database is migrating' })
  readonly reason!: string | null;
}

export class OperationDto {
  @ApiProperty({ format: 'uuid' }) readonly id!: string;
  @ApiProperty({ enum: OPERATION_KINDS }) readonly kind!: OperationKind;
  @ApiProperty({ format: 'uuid' }) readonly tenantId!: string;
  @ApiProperty({ format: 'uuid' }) readonly deploymentId!: string;
  @ApiProperty({ enum: ['running', 'succeeded', 'failed'] }) readonly state!: Saga['state'];
  @ApiProperty({ type: String, nullable: true, description: 'Why it failed' }) readonly reason!: string | null;
  @ApiProperty({ type: [OperationStepDto] }) readonly steps!: readonly OperationStepDto[];
  @ApiInstant() readonly createdAt!: Date;
  @ApiInstant({ nullable: true }) readonly endedAt!: Date | null;
  @ApiInstant({ nullable: true, description: 'When it goes on by itself, or fails unless what it awaits was reported' })
  readonly nextActionAt!: Date | null;
}
