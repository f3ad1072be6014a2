import { ApiProperty } from '@nestjs/swagger';
import { LIMIT_WINDOWS, STRATEGY_NAMES, type LimitWindow, type StrategyName } from '@biplane/licensing';

const STATES = ['not_started', 'active', 'notice', 'grace', 'expired', 'suspended', 'revoked'] as const;

export class EntitledFeatureDto {
  @ApiProperty({ example: 'financials:automated_billing' }) readonly key!: string;
  @ApiProperty({ example: 'automated_billing' }) readonly feature!: string;
  @ApiProperty({ description: 'Whether the gate would let it through now, limits aside' }) readonly isAllowed!: boolean;
  @ApiProperty({ type: String, nullable: true, example: null, description: 'Of the refusal, or of a warning' })
  readonly code!: string | null;
  @ApiProperty({ example: 'The action is licensed' }) readonly reason!: string;
}

export class EntitledLimitDto {
  @ApiProperty({ example: 'records' }) readonly meter!: string;
  @ApiProperty({ enum: LIMIT_WINDOWS.filter((window) => window !== null), nullable: true })
  readonly window!: LimitWindow;
  @ApiProperty({ example: '1000' }) readonly cap!: string;
  @ApiProperty({ enum: STRATEGY_NAMES }) readonly strategy!: StrategyName;
}

export class EntitledModuleDto {
  @ApiProperty({ example: 'financials' }) readonly module!: string;
  @ApiProperty({ type: [EntitledFeatureDto] }) readonly features!: readonly EntitledFeatureDto[];
  @ApiProperty({ type: [EntitledLimitDto] }) readonly limits!: readonly EntitledLimitDto[];
}

export class EnabledFlagDto {
  @ApiProperty({ example: 'beta_reports' }) readonly flag!: string;
  @ApiProperty() readonly enabled!: boolean;
}

export class MyEntitlementsDto {
  @ApiProperty({ format: 'uuid' }) readonly deploymentId!: string;
  @ApiProperty({ example: 'studio' }) readonly plan!: string;
  @ApiProperty({ type: 'integer', example: 1 }) readonly planVersion!: number;
  @ApiProperty({
    enum: STATES,
    description: 'Where the license stands: not_started, expired, suspended and revoked grant nothing',
  })
  readonly state!: (typeof STATES)[number];
  @ApiProperty({ type: [EntitledModuleDto] }) readonly modules!: readonly EntitledModuleDto[];
  @ApiProperty({ type: [EnabledFlagDto] }) readonly featureFlags!: readonly EnabledFlagDto[];
  @ApiProperty({ type: 'integer', example: 3 }) readonly licenseVersion!: number;
  @ApiProperty({ format: 'date-time', description: 'By the clock that licenses are judged by' }) readonly asOf!: string;
}
