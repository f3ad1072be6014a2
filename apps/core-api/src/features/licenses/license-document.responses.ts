import { ApiExtraModels, ApiProperty, getSchemaPath } from '@nestjs/swagger';
import {
  DEPLOYMENT_TYPES,
  LICENSE_ISSUER,
  LICENSE_STATUSES,
  METER_AGGREGATIONS,
  METER_AUTHORITIES,
  STRATEGY_NAMES,
  type LicenseBootstrap,
  type LicenseEnrollment,
  type LicenseClaims,
  type LicensedLimit,
  type LicensedMeter,
  type LicensedModule,
  type LicensePlacement,
} from '@biplane/licensing';
import { ApiInstant } from '@biplane/service-kit';

export class LicensedMeterDto implements LicensedMeter {
  @ApiProperty({ enum: METER_AUTHORITIES }) readonly authority!: LicensedMeter['authority'];
  @ApiProperty({ enum: METER_AGGREGATIONS }) readonly aggregation!: LicensedMeter['aggregation'];
}

export class LicensedRateDto {
  @ApiProperty({ example: '5' }) readonly perSecond!: string;
  @ApiProperty({ type: 'integer', example: 10 }) readonly burst!: number;
}

export class LicensedLimitDto extends LicensedMeterDto implements LicensedLimit {
  @ApiProperty({ example: 'api_calls' }) readonly meter!: string;
  @ApiProperty({ example: '100000' }) readonly cap!: string;
  @ApiProperty({ type: String, enum: ['day', 'month'], nullable: true }) readonly window!: LicensedLimit['window'];
  @ApiProperty({ enum: STRATEGY_NAMES }) readonly strategy!: LicensedLimit['strategy'];
  @ApiProperty({ type: [String], example: ['0.8', '1'] }) readonly warnAt!: readonly string[];
  @ApiProperty({ type: LicensedRateDto, required: false }) readonly rate?: LicensedRateDto;
}

export class LicensedModuleDto implements LicensedModule {
  @ApiProperty({ type: [String], example: ['automated_billing'] }) readonly features!: readonly string[];
  @ApiProperty({ type: [LicensedLimitDto] }) readonly limits!: readonly LicensedLimitDto[];
}

export class LicenseCalendarDto {
  @ApiProperty({ example: 'Australia/Brisbane' }) readonly timeZone!: string;
}

export class LicensedDeploymentDto {
  @ApiProperty({ format: 'uuid' }) readonly id!: string;
  @ApiProperty({ enum: DEPLOYMENT_TYPES }) readonly type!: LicenseClaims['deployment']['type'];
  @ApiProperty({ example: 'eu-1' }) readonly region!: string;
}

export class PreviousPlacementDto {
  @ApiProperty({ format: 'uuid' }) readonly homeId!: string;
  @ApiProperty({ type: 'integer', example: 1 }) readonly epoch!: number;
}

export class NextPlacementDto extends PreviousPlacementDto {
  @ApiProperty({ example: 'https://acme.eu-1.example' }) readonly url!: string;
}

export class LicensePlacementDto extends PreviousPlacementDto implements LicensePlacement {
  @ApiProperty({ enum: ['serving', 'draining'] }) readonly phase!: LicensePlacement['phase'];
  @ApiProperty({ example: 'https://eu-1.example' }) readonly url!: string;
  @ApiProperty({ type: PreviousPlacementDto, required: false }) readonly previous?: PreviousPlacementDto;
  @ApiProperty({ type: NextPlacementDto, required: false, description: 'While it is being moved' })
  readonly next?: NextPlacementDto;
}

export class LicensedPlanDto {
  @ApiProperty({ example: 'studio' }) readonly code!: string;
  @ApiProperty({ type: 'integer', example: 1 }) readonly version!: number;
}

export class LicenseBootstrapDto implements LicenseBootstrap {
  @ApiProperty({ format: 'uuid' }) readonly adminUserId!: string;
  @ApiProperty({ description: 'SHA-256, hex; the token itself never travels' }) readonly inviteTokenHash!: string;
  @ApiInstant() readonly expiresAt!: string;
}

export class LicenseEnrollmentDto implements LicenseEnrollment {
  @ApiProperty({ format: 'uuid' }) readonly homeId!: string;
  @ApiProperty({ description: 'SHA-256, hex' }) readonly tokenHash!: string;
}

/** The claims of a license: what a home enforces. */
@ApiExtraModels(LicensedModuleDto, LicensedMeterDto)
export class LicenseDocumentDto implements LicenseClaims {
  @ApiProperty({ enum: [LICENSE_ISSUER] }) readonly iss!: typeof LICENSE_ISSUER;
  @ApiProperty({ format: 'uuid', description: "The tenant's id" }) readonly sub!: string;
  @ApiProperty({ example: 'deployment:0195f2c0-7a1b-7c3d-8e4f-001122334455' }) readonly aud!: string;
  @ApiProperty() readonly jti!: string;
  @ApiProperty({ type: 'integer', example: 1775822400, description: 'Seconds since the epoch' }) readonly iat!: number;
  @ApiProperty({ type: 'integer', example: 1776427200, description: 'Seconds since the epoch' }) readonly exp!: number;
  @ApiProperty({ type: 'integer', example: 3, description: 'Only rises' }) readonly version!: number;
  @ApiProperty({ enum: LICENSE_STATUSES }) readonly status!: LicenseClaims['status'];
  @ApiInstant({ required: false, description: 'Of a revoked one: until then its data is kept' })
  readonly purgeAfter?: string;
  @ApiInstant() readonly startsAt!: string;
  @ApiInstant({ description: 'Warn from then' }) readonly noticeAt!: string;
  @ApiInstant() readonly termEndsAt!: string;
  @ApiInstant({ description: 'Block from then' }) readonly graceEndsAt!: string;
  @ApiProperty({ type: LicenseCalendarDto }) readonly calendar!: LicenseCalendarDto;
  @ApiProperty({ type: LicensedDeploymentDto }) readonly deployment!: LicensedDeploymentDto;
  @ApiProperty({ type: LicensePlacementDto }) readonly placement!: LicensePlacementDto;
  @ApiProperty({ type: LicensedPlanDto }) readonly plan!: LicensedPlanDto;
  @ApiProperty({ type: 'object', additionalProperties: { type: 'boolean' }, example: { beta_reports: true } })
  readonly featureFlags!: Readonly<Record<string, boolean>>;
  @ApiProperty({ type: 'object', additionalProperties: { $ref: getSchemaPath(LicensedModuleDto) } })
  readonly modules!: Readonly<Record<string, LicensedModuleDto>>;
  @ApiProperty({ type: 'object', additionalProperties: { $ref: getSchemaPath(LicensedMeterDto) } })
  readonly meters!: Readonly<Record<string, LicensedMeterDto>>;
  @ApiProperty({ type: LicenseBootstrapDto, required: false, description: 'Until the admin is bootstrapped' })
  readonly bootstrap?: LicenseBootstrapDto;
  @ApiProperty({
    type: LicenseEnrollmentDto,
    required: false,
    description: 'Of a dedicated home: how its region tells who it is',
  })
  readonly enrollment?: LicenseEnrollmentDto;
}
