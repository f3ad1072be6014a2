import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { DECISION_OUTCOMES, STRATEGY_NAMES, type DecisionOutcome, type StrategyName } from '@biplane/licensing';
import { PagePositionDto } from '@biplane/service-kit';
import { IsBoolean, IsString, Matches, MaxLength, ValidateIf } from 'class-validator';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const QUANTITY = /^(?=(?:[0-9]\.?){1,30}$)(?:0|[1-9][0-9]*)(?:\.[0-9]{1,12})?$/;

/** Unlike `IsOptional`: null is no way to leave something out. */
const MayBeLeftOut = (): PropertyDecorator => ValidateIf((_, value) => value !== undefined);

export class GateCheckRequest {
  @ApiProperty({ format: 'uuid' })
  @IsString()
  @Matches(UUID, { message: 'deploymentId must be a UUID in lower case' })
  deploymentId!: string;

  @ApiProperty({ example: 'financials:automated_billing' })
  @IsString()
  @MaxLength(127)
  @Matches(/^[a-z][a-z0-9_]{0,62}:[a-z][a-z0-9_]{0,62}$/, { message: 'action must be module:feature' })
  action!: string;

  @ApiPropertyOptional({ example: 'api_calls' })
  @MayBeLeftOut()
  @IsString()
  @Matches(/^[a-z][a-z0-9_]{0,62}$/, { message: 'meter must be the code of a meter' })
  meter?: string;

  @ApiPropertyOptional({ example: '1', description: 'Decimal string; 1 when a meter is named without it' })
  @MayBeLeftOut()
  @IsString()
  @Matches(QUANTITY, { message: 'quantity must be a decimal string, not negative, of at most 30 digits' })
  quantity?: string;

  @ApiPropertyOptional({
    description: 'Holds the quantity, if it is admitted, until it is confirmed, released or expires',
  })
  @MayBeLeftOut()
  @IsBoolean()
  reserve?: boolean;

  @ApiPropertyOptional({
    example: 'import-7-chunk-3',
    description: "The client's own: the same key gets the same Decision",
  })
  @MayBeLeftOut()
  @IsString()
  @Matches(/^[!-~]{1,255}$/, { message: 'idempotencyKey must be 1 to 255 printable ASCII characters without spaces' })
  idempotencyKey?: string;
}

export class DecisionWarningResponse {
  @ApiProperty() code!: string;
  @ApiProperty() reason!: string;
}

export class DecisionResponse {
  @ApiProperty({ enum: DECISION_OUTCOMES }) outcome!: DecisionOutcome;
  @ApiProperty() isAllowed!: boolean;
  @ApiProperty({ type: String, nullable: true }) code!: string | null;
  @ApiProperty() reason!: string;
  @ApiProperty({ enum: STRATEGY_NAMES, nullable: true }) behavior!: StrategyName | null;
  @ApiProperty({ type: String, nullable: true }) limit!: string | null;
  @ApiProperty({ type: String, nullable: true }) used!: string | null;
  @ApiProperty({ type: String, nullable: true }) remaining!: string | null;
  @ApiProperty({ type: String, nullable: true, format: 'date-time' }) retryAt!: string | null;
  @ApiProperty({ type: Number, nullable: true }) licenseVersion!: number | null;
  @ApiProperty({ format: 'date-time' }) asOf!: string;
  @ApiProperty() stale!: boolean;
  @ApiProperty({ type: [DecisionWarningResponse] }) warnings!: readonly DecisionWarningResponse[];
  @ApiProperty({ format: 'uuid' }) decisionId!: string;
  @ApiPropertyOptional({ format: 'uuid', description: 'With reserve, when it is admitted' }) reservationId?: string;
  @ApiPropertyOptional({ format: 'date-time', description: 'When the reservation ends' }) expiresAt?: string;
  @ApiPropertyOptional({ format: 'uuid', description: 'When the request is queued' }) ticketId?: string;
}

export class HeldLicenseResponse {
  @ApiProperty({ format: 'uuid' }) deploymentId!: string;
  @ApiProperty({ format: 'uuid' }) tenantId!: string;
  @ApiProperty() version!: number;
  @ApiProperty() jti!: string;
  @ApiProperty({ enum: ['active', 'suspended', 'revoked'] }) status!: string;
  @ApiProperty({ description: 'Where it stands now: active, notice, grace, expired, …' }) state!: string;
  @ApiProperty() kid!: string;
  @ApiProperty() epoch!: number;
  @ApiProperty({ format: 'date-time' }) expiresAt!: string;
}

export class HeldLicensesResponse {
  @ApiProperty({ type: [HeldLicenseResponse] }) data!: readonly HeldLicenseResponse[];
  @ApiProperty({ type: PagePositionDto }) page!: PagePositionDto;
}
