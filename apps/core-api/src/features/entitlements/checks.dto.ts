import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsString, IsUUID, Matches, ValidateIf } from 'class-validator';
import { DECISION_OUTCOMES, STRATEGY_NAMES, type Decision } from '@biplane/licensing';
import type { CheckedDecision } from '@biplane/limits';
import { ApiInstant } from '@biplane/service-kit';
import { IsQuantity } from './quantity.js';

const ACTION = /^[a-z](?:_?[a-z0-9]){0,62}:[a-z](?:_?[a-z0-9]){0,62}$/;
const CODE = /^[a-z](?:_?[a-z0-9]){0,62}$/;

/** Unlike `IsOptional`: null is no way to leave something out. */
const MayBeLeftOut = (): PropertyDecorator => ValidateIf((_, value) => value !== undefined);

export class CheckBody {
  @ApiProperty({ format: 'uuid' })
  @IsUUID()
  deploymentId!: string;

  @ApiProperty({ example: 'connectors:create', description: '`module:feature`' })
  @IsString()
  @Matches(ACTION, { message: '$property must be module:feature, both codes' })
  action!: string;

  @ApiPropertyOptional({ example: 'connectors' })
  @MayBeLeftOut()
  @IsString()
  @Matches(CODE, { message: '$property must be a code of lower-case letters, digits and single underscores' })
  meter?: string;

  @ApiPropertyOptional({ example: '1', description: 'Of the meter; 1 when left out' })
  @MayBeLeftOut()
  @IsQuantity()
  quantity?: string;

  @ApiPropertyOptional({ description: 'Hold the quantity until it is confirmed, released or expires' })
  @MayBeLeftOut()
  @IsBoolean()
  reserve?: boolean;
}

export class WarningDto {
  @ApiProperty({ example: 'LIMIT.NEAR' }) readonly code!: string;
  @ApiProperty() readonly reason!: string;
}

export class DecisionDto {
  @ApiProperty({ enum: DECISION_OUTCOMES }) readonly outcome!: Decision['outcome'];
  @ApiProperty() readonly isAllowed!: boolean;
  @ApiProperty({ type: String, nullable: true, example: 'LIMIT.REACHED' }) readonly code!: string | null;
  @ApiProperty({ example: '10 of 10 connectors are in use' }) readonly reason!: string;
  @ApiProperty({ enum: STRATEGY_NAMES, nullable: true }) readonly behavior!: Decision['behavior'];
  @ApiProperty({ type: String, nullable: true, example: '10' }) readonly limit!: string | null;
  @ApiProperty({ type: String, nullable: true, example: '10' }) readonly used!: string | null;
  @ApiProperty({ type: String, nullable: true, example: '0' }) readonly remaining!: string | null;
  @ApiInstant({ nullable: true }) readonly retryAt!: string | null;
  @ApiProperty({ type: 'integer', nullable: true, example: 3 }) readonly licenseVersion!: number | null;
  @ApiInstant() readonly asOf!: string;
  @ApiProperty({ description: 'The counts are the other plane’s, as last known' }) readonly stale!: boolean;
  @ApiProperty({ type: [WarningDto] }) readonly warnings!: readonly WarningDto[];
  @ApiProperty({ format: 'uuid' }) readonly decisionId!: string;
  @ApiProperty({ required: false, format: 'uuid', description: 'With reserve, when it is admitted' })
  readonly reservationId?: string;
  @ApiInstant({ required: false, description: 'When the reservation ends' }) readonly expiresAt?: string;
  @ApiProperty({ required: false, format: 'uuid', description: 'Of a request that was queued' })
  readonly ticketId?: string;
}

export const decisionJson = (decision: CheckedDecision): DecisionDto => decision;
