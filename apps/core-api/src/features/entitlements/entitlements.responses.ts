import { ApiProperty } from '@nestjs/swagger';
import { METER_AGGREGATIONS, METER_AUTHORITIES, STRATEGY_NAMES } from '@biplane/licensing';
import { ApiInstant } from '@biplane/service-kit';
import type { Because, ResolvedLimit } from './domain/resolve.js';
import type { DeploymentEntitlements } from './entitlements.service.js';

const nullableText = (example: string, description?: string): PropertyDecorator =>
  ApiProperty({ type: String, nullable: true, example, ...(description !== undefined && { description }) });

export class BecauseDto implements Because {
  @ApiProperty({ enum: ['plan', 'addon', 'override', 'flag'] }) readonly source!: Because['source'];
  @ApiProperty({ example: 'studio/1', description: 'The plan version, the add-on, or the reason that was given' })
  readonly item!: string;
  @ApiProperty({ example: 'grants 100000, hard_block' }) readonly effect!: string;
  @ApiInstant({ nullable: true, description: 'When it ends by itself' }) readonly until!: Date | null;
}

/** With `?explain=true` the steps that led to an entitlement: the last one has the last word. */
const Why = (): PropertyDecorator =>
  ApiProperty({ type: [BecauseDto], required: false, description: 'With explain=true' });

export class FeatureEntitlementDto {
  @ApiProperty({ example: 'financials:automated_billing' }) readonly key!: string;
  @ApiProperty({ example: 'automated_billing' }) readonly feature!: string;
  @Why() readonly why?: readonly BecauseDto[];
}

export class RateDto {
  @ApiProperty({ example: '5' }) readonly perSecond!: string;
  @ApiProperty({ type: 'integer', example: 10 }) readonly burst!: number;
}

export class LimitEntitlementDto {
  @ApiProperty({ example: 'financials.api_calls.month' }) readonly quotaKey!: string;
  @ApiProperty({ example: 'api_calls' }) readonly meter!: string;
  @ApiProperty({ enum: ['day', 'month'], nullable: true }) readonly window!: ResolvedLimit['window'];
  @ApiProperty({ example: '100000' }) readonly cap!: string;
  @ApiProperty({ enum: STRATEGY_NAMES }) readonly strategy!: ResolvedLimit['strategy'];
  @ApiProperty({ type: [String], example: ['0.8', '1'] }) readonly warnAt!: readonly string[];
  @ApiProperty({ type: RateDto, nullable: true }) readonly rate!: RateDto | null;
  @ApiProperty({ enum: METER_AUTHORITIES, description: 'The plane that counts it' })
  readonly authority!: ResolvedLimit['authority'];
  @ApiProperty({ enum: METER_AGGREGATIONS }) readonly aggregation!: ResolvedLimit['aggregation'];
  @Why() readonly why?: readonly BecauseDto[];
}

export class ModuleEntitlementDto {
  @ApiProperty({ example: 'financials' }) readonly module!: string;
  @ApiProperty({ type: [FeatureEntitlementDto] }) readonly features!: readonly FeatureEntitlementDto[];
  @ApiProperty({ type: [LimitEntitlementDto] }) readonly limits!: readonly LimitEntitlementDto[];
  @Why() readonly why?: readonly BecauseDto[];
}

export class FlagEntitlementDto {
  @ApiProperty({ example: 'beta_reports' }) readonly flag!: string;
  @ApiProperty() readonly enabled!: boolean;
  @Why() readonly why?: readonly BecauseDto[];
}

export class DeploymentEntitlementsDto {
  @ApiProperty({ format: 'uuid' }) readonly deploymentId!: string;
  @ApiProperty({ example: 'studio' }) readonly plan!: string;
  @ApiProperty({ type: 'integer', example: 1 }) readonly planVersion!: number;
  @ApiProperty({ enum: ['trialing', 'active', 'paused', 'cancelled', 'expired'] })
  readonly status!: DeploymentEntitlements['status'];
  @ApiProperty({ description: 'False: nothing is granted, and `reason` says why' }) readonly isGranted!: boolean;
  @nullableText('DEPLOYMENT_PAUSED') readonly code!: string | null;
  @ApiProperty({ example: 'The subscription is in force' }) readonly reason!: string;
  @ApiProperty({ type: 'integer', nullable: true, example: 3, description: 'The license that says the same' })
  readonly licenseVersion!: number | null;
  @ApiProperty({ type: [ModuleEntitlementDto] }) readonly modules!: readonly ModuleEntitlementDto[];
  @ApiProperty({ type: [String], description: 'Of the plan or its add-ons, and switched off here' })
  readonly disabledModules!: readonly string[];
  @ApiProperty({ type: [FlagEntitlementDto] }) readonly featureFlags!: readonly FlagEntitlementDto[];
  @ApiInstant() readonly asOf!: Date;
}

export class TenantEntitlementsDto {
  @ApiProperty({ format: 'uuid' }) readonly tenantId!: string;
  @ApiProperty({ type: [DeploymentEntitlementsDto] }) readonly deployments!: readonly DeploymentEntitlementsDto[];
}

export class DeploymentPlanDto {
  @ApiProperty({ format: 'uuid' }) readonly deploymentId!: string;
  @ApiProperty({ example: 'studio' }) readonly plan!: string;
  @ApiProperty({ example: 'Studio' }) readonly name!: string;
  @ApiProperty({ type: 'integer', example: 1 }) readonly version!: number;
  @ApiProperty({ example: 'standard' }) readonly tier!: string;
  @ApiProperty({ enum: ['trialing', 'active', 'paused', 'cancelled', 'expired'] })
  readonly status!: DeploymentEntitlements['status'];
  @ApiInstant({ description: 'From when on it is subscribed to' }) readonly activatedAt!: Date;
  @ApiInstant({ nullable: true, description: 'When the next period begins; null when none does' })
  readonly renewsAt!: Date | null;
  @ApiInstant({ nullable: true, description: 'The end that was decided' }) readonly endsAt!: Date | null;
}

/** The plan of the first deployment, which was made with the tenant, and below it those of all. */
export class TenantPlanDto extends DeploymentPlanDto {
  @ApiProperty({ format: 'uuid' }) readonly tenantId!: string;
  @ApiProperty({ type: [DeploymentPlanDto] }) readonly deployments!: readonly DeploymentPlanDto[];
}

export function entitlementsJson(of: DeploymentEntitlements, explain: boolean): DeploymentEntitlementsDto {
  const { modules, featureFlags, disabledModules } = of.resolution;
  const shown = <T extends { readonly why: readonly Because[] }>({ why, ...rest }: T) => ({
    ...rest,
    ...(explain && { why }),
  });
  return {
    deploymentId: of.deployment.id,
    plan: of.plan.code,
    planVersion: of.plan.version,
    status: of.status,
    ...of.standing,
    licenseVersion: of.licenseVersion,
    modules: modules.map((module) => ({
      ...shown(module),
      features: module.features.map(shown),
      limits: module.limits.map(shown),
    })),
    disabledModules,
    featureFlags: featureFlags.map(shown),
    asOf: of.asOf,
  };
}

export function planJson({ deployment, subscription, plan, status }: DeploymentEntitlements): DeploymentPlanDto {
  const { startedAt, endedAt, period } = subscription;
  return {
    deploymentId: deployment.id,
    plan: plan.code,
    name: plan.name,
    version: plan.version,
    tier: plan.tier,
    status,
    activatedAt: startedAt,
    renewsAt: endedAt !== null && endedAt <= period.to ? null : period.to,
    endsAt: endedAt,
  };
}
