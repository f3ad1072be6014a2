import { ApiProperty } from '@nestjs/swagger';
import { ApiInstant, MoneyDto } from '@biplane/service-kit';
import { AddonGrantDto } from '../catalog/index.js';
import { DEPLOYMENT_STATES, type DeploymentState, type SubscriptionStatus } from './domain/deployment-state.js';
import type { SettingValue } from './deployment.js';
import type { DeploymentType } from './domain/deployment-type.js';
import { TRANSITION_CAUSES, type TransitionCause } from './domain/transition-cause.js';

export class DeploymentTemplateDto {
  @ApiProperty({ example: 'blank' }) readonly code!: string;
  @ApiProperty({ type: 'integer', example: 1 }) readonly version!: number;
}

export class DeploymentDto {
  @ApiProperty({ format: 'uuid' }) readonly id!: string;
  @ApiProperty({ format: 'uuid' }) readonly tenantId!: string;
  @ApiProperty({ example: 'acme' }) readonly slug!: string;
  @ApiProperty({ example: 'Acme Pty Ltd' }) readonly displayName!: string;
  @ApiProperty({ enum: ['shared', 'container_per_tenant'] }) readonly type!: DeploymentType;
  @ApiProperty({ type: [String], example: ['nothing asks for a container of its own'], description: 'Never empty' })
  readonly reasons!: readonly string[];
  @ApiProperty({ example: 'eu-1' }) readonly region!: string;
  @ApiProperty({ enum: DEPLOYMENT_STATES }) readonly state!: DeploymentState;
  @ApiProperty({ example: 'database_ready', description: 'The last step of provisioning that is done, or `failed`' })
  readonly phase!: string;
  @ApiProperty({ format: 'uuid' }) readonly homeId!: string;
  @ApiProperty({ type: 'integer', example: 1, description: 'Rises when the home changes' }) readonly epoch!: number;
  @ApiProperty({ example: 'https://eu-1.example' }) readonly url!: string;
  @ApiProperty({ example: 'tenant_0195f2c07a1b7c3d8e4f001122334455' }) readonly database!: string;
  @ApiInstant() readonly createdAt!: Date;
  @ApiInstant({ nullable: true, description: 'When its home first reported it ready' })
  readonly firstReadyAt!: Date | null;
  @ApiProperty({ description: 'True: no reminder that is overdue changes its state by itself' })
  readonly billingActionSuspended!: boolean;
  @ApiProperty({ type: Object, example: { llmMode: 'hosted' }, description: 'Free words of whoever runs it' })
  readonly settings!: Readonly<Record<string, SettingValue>>;
  @ApiProperty({ type: DeploymentTemplateDto, nullable: true }) readonly template!: DeploymentTemplateDto | null;
}

export class PlacementDto {
  @ApiProperty({ format: 'uuid' }) readonly homeId!: string;
  @ApiProperty({ type: 'integer', example: 1 }) readonly epoch!: number;
  @ApiInstant() readonly from!: Date;
  @ApiInstant({ nullable: true, description: 'Null while it holds' }) readonly to!: Date | null;
}

export class DeploymentEventDto {
  @ApiProperty({ type: String, enum: DEPLOYMENT_STATES, nullable: true, description: 'Null of the first' })
  readonly from!: DeploymentState | null;
  @ApiProperty({ enum: DEPLOYMENT_STATES }) readonly to!: DeploymentState;
  @ApiProperty({ example: 'admin' }) readonly actor!: string;
  @ApiProperty({ example: 'created' }) readonly reason!: string;
  @ApiProperty({ type: String, enum: TRANSITION_CAUSES, nullable: true, description: 'Null of the first' })
  readonly cause!: TransitionCause | null;
  @ApiInstant() readonly at!: Date;
}

export class SoldPlanDto {
  @ApiProperty({ example: 'studio' }) readonly code!: string;
  @ApiProperty({ type: 'integer', example: 1 }) readonly version!: number;
}

/** A plan of the subscription; the one decided last of those that have begun holds. */
export class PlanAssignmentDto extends SoldPlanDto {
  @ApiInstant({ description: 'What it grants holds from then on' }) readonly entitledFrom!: Date;
  @ApiInstant({ description: 'Periods that begin from then on are priced by it' }) readonly pricedFrom!: Date;
}

export class SubscriptionPeriodDto {
  @ApiInstant() readonly from!: Date;
  @ApiInstant() readonly to!: Date;
}

/** What was sold when the add-on was attached; the catalog may say something else today. */
export class AttachedAddonDto {
  @ApiProperty({ example: 'storage_50gb' }) readonly code!: string;
  @ApiProperty({ example: 'Storage 50 GB' }) readonly name!: string;
  @ApiProperty({ example: 'storage' }) readonly resourceKind!: string;
  @ApiProperty({ example: 'flat' }) readonly priceKind!: string;
  @ApiProperty({ type: MoneyDto, description: 'Of one unit' }) readonly price!: MoneyDto;
  @ApiProperty({ example: '1' }) readonly units!: string;
  @ApiProperty({ type: [AddonGrantDto] }) readonly grants!: readonly AddonGrantDto[];
  @ApiInstant() readonly attachedAt!: Date;
  @ApiInstant({ nullable: true }) readonly detachedAt!: Date | null;
}

const SUBSCRIPTION_STATUSES: readonly SubscriptionStatus[] = ['trialing', 'active', 'paused', 'cancelled', 'expired'];

export class SubscriptionDto {
  @ApiProperty({ format: 'uuid' }) readonly id!: string;
  @ApiProperty({ type: SoldPlanDto }) readonly plan!: SoldPlanDto;
  @ApiProperty({ type: 'integer', example: 1, description: 'Of the plan' }) readonly version!: number;
  @ApiProperty({ enum: SUBSCRIPTION_STATUSES }) readonly status!: SubscriptionStatus;
  @ApiInstant() readonly startedAt!: Date;
  @ApiInstant({ nullable: true }) readonly trialEndsAt!: Date | null;
  @ApiInstant({ nullable: true, description: 'The end that was decided, possibly ahead of now' })
  readonly endedAt!: Date | null;
  @ApiProperty({ type: 'integer', nullable: true, description: 'Before the end; null: the default' })
  readonly noticeDays!: number | null;
  @ApiProperty({ type: 'integer', nullable: true, description: 'After the end; null: the default' })
  readonly graceDays!: number | null;
  @ApiProperty({ example: 'Australia/Brisbane' }) readonly timeZone!: string;
  @ApiProperty({ type: [PlanAssignmentDto], description: 'As they were decided, those to come too' })
  readonly plans!: readonly PlanAssignmentDto[];
  @ApiProperty({ type: SubscriptionPeriodDto, description: 'The present one, half-open' })
  readonly period!: SubscriptionPeriodDto;
  @ApiProperty({ type: [AttachedAddonDto] }) readonly addons!: readonly AttachedAddonDto[];
}

export class ConditionDto {
  @ApiProperty({ enum: ['LicenseEnforced', 'DatabaseReady', 'AdminBootstrapped', 'Applied', 'Available', 'Gone'] })
  readonly type!: string;
  @ApiProperty() readonly status!: boolean;
  @ApiProperty({ type: String, nullable: true, example: 'NOT_CONFIRMED' }) readonly reason!: string | null;
  @ApiInstant({ nullable: true }) readonly since!: Date | null;
}

/** How far the end of a deployment is. */
export class RetirementDto {
  @ApiProperty({ format: 'uuid' }) readonly operationId!: string;
  @ApiProperty({ enum: ['running', 'succeeded', 'failed'] }) readonly state!: 'running' | 'succeeded' | 'failed';
  @ApiProperty({ type: String, nullable: true, example: 'windows_closed', description: 'Null when it is over' })
  readonly step!: string | null;
  @ApiProperty({ example: 'the customer has left' }) readonly reason!: string;
  @ApiProperty({ example: 'admin' }) readonly requestedBy!: string;
  @ApiInstant() readonly requestedAt!: Date;
  @ApiInstant({ nullable: true, description: 'Until then its data can be exported; null before that is known' })
  readonly purgeAfter!: Date | null;
  @ApiInstant({ nullable: true, description: 'From then on nothing is awaited of its home' })
  readonly givenUpAt!: Date | null;
}

/** What other features show on a deployment's page. */
export class DeploymentDetailsDto {
  @ApiProperty({ type: SubscriptionDto, nullable: true }) readonly subscription!: SubscriptionDto | null;
  @ApiProperty({ type: RetirementDto, nullable: true, description: 'Null unless it is being retired' })
  readonly retirement!: RetirementDto | null;
  @ApiProperty({ type: [ConditionDto] }) readonly conditions!: readonly ConditionDto[];
}

/** A deployment's page. */
export class DeploymentPageDto extends DeploymentDto {
  @ApiProperty({ type: [PlacementDto], description: 'By epoch, the present one last' })
  readonly placements!: readonly PlacementDto[];
  @ApiProperty({ type: [DeploymentEventDto] }) readonly events!: readonly DeploymentEventDto[];
  @ApiProperty({ type: SubscriptionDto, nullable: true }) readonly subscription!: SubscriptionDto | null;
  @ApiProperty({ type: RetirementDto, nullable: true, description: 'Null unless it is being retired' })
  readonly retirement!: RetirementDto | null;
  @ApiProperty({ type: [ConditionDto] }) readonly conditions!: readonly ConditionDto[];
}
