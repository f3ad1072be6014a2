import { Inject, Injectable } from '@nestjs/common';
import { RefusalError, type Clock } from '@biplane/kernel';
import { CLOCK, faultPoint, IDS, type Ids, type Tx } from '@biplane/service-kit';
import type { Actor } from '../audit/index.js';
import type { PlanHead, PlanVersionRow } from '../catalog/index.js';
import {
  DeploymentsService,
  homeUrl,
  initialState,
  presentPlacement,
  type DeploymentRequirements,
  type DeploymentTypeDecision,
  type SettingValue,
} from '../deployments/index.js';
import { DedicatedHomes } from '../homes/index.js';
import { LicenseService, type LicenseRow } from '../licenses/index.js';
import type { Operation } from '../operations/index.js';
import { RegionsService, type Region } from '../regions/index.js';
import { SubscriptionErrors, SubscriptionsService, termOf, type TermBody } from '../subscriptions/index.js';
import { TenantsService } from '../tenants/index.js';
import { decideType } from './requirements.js';
import { ProvisioningSaga } from './provisioning-saga.js';

type PublishedPlan = PlanVersionRow & { readonly plan: PlanHead };

export interface RecordedDeployment {
  readonly id: string;
  readonly decision: DeploymentTypeDecision;
}

export interface Provisioned {
  readonly operation: Operation;
  /** Told once; only its hash is stored. */
  readonly inviteToken: string;
  readonly license: LicenseRow;
}

/** The two halves of a deployment's beginning: the row that says where it will stand, and the subscription that brings it to life. */
@Injectable()
export class DeploymentProvisioning {
  constructor(
    private readonly tenants: TenantsService,
    private readonly regions: RegionsService,
    private readonly deployments: DeploymentsService,
    private readonly subscriptions: SubscriptionsService,
    private readonly licenses: LicenseService,
    private readonly homes: DedicatedHomes,
    private readonly saga: ProvisioningSaga,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: Ids,
  ) {}

  /** Without a plan it is in trial, of which nothing is charged, until it is subscribed. */
  async record(
    tx: Tx,
    input: {
      readonly tenantId: string;
      readonly slug: string;
      readonly displayName: string;
      readonly tenantSlug: string;
      readonly region: Region;
      readonly plan: PublishedPlan | null;
      readonly requirements: DeploymentRequirements;
      readonly settings: Readonly<Record<string, SettingValue>>;
      readonly template: { readonly code: string; readonly version: number } | null;
    },
    actor: Actor,
  ): Promise<RecordedDeployment> {
    const { tenantSlug, region, plan, ...columns } = input;
    const decision = decideType(input.requirements, region, plan?.content.dedicatedCompute ?? false);
    const id = this.ids.uuid();
    const home = await this.home(tx, region, decision, homeUrl(columns.slug, tenantSlug, region.domain));
    const [state, phase] = plan
      ? [initialState(plan.content.trialDays), 'license_issued']
      : (['trial', 'recorded'] as const);
    const createdAt = this.clock.now();
    const deployment = { id, region: region.code, ...columns, ...decision, state, phase, createdAt, home };
    await this.deployments.record(tx, deployment, actor);
    return { id, decision };
  }

  /** Subscription, invite, the first license and the saga that follows from it. */
  async start(
    tx: Tx,
    input: {
      readonly tenantId: string;
      readonly deploymentId: string;
      readonly type: DeploymentTypeDecision['type'];
      readonly plan: PublishedPlan;
      readonly addons: readonly { readonly code: string; readonly quantity: string }[];
      readonly term: TermBody;
      readonly currency: string;
      readonly timeZone: string;
      readonly admin: { readonly email: string; readonly name: string };
    },
    actor: Actor,
  ): Promise<Provisioned> {
    const { tenantId, deploymentId, type, plan, addons, currency, timeZone, admin } = input;
    if (plan.content.dedicatedCompute && type === 'shared') {
      const detail = `Plan "${plan.planCode}" includes dedicated compute, the deployment was recorded as shared`;
      throw new RefusalError(SubscriptionErrors.PLAN_NEEDS_CONTAINER({ detail }));
    }
    const [ids, now, term] = [{ tenantId, deploymentId }, this.clock.now(), termOf(input.term)];
    await this.subscriptions.start(tx, {
      ...ids,
      plan,
      addons,
      currency,
      timeZone,
      deploymentType: type,
      term,
      actor,
      now,
    });
    const invite = await this.tenants.invite(tx, { ...ids, ...admin });
    // Before the license, which says who may enroll as this home.
    if (type === 'container_per_tenant') await this.createHome(tx, deploymentId);
    faultPoint('create_tenant_before_license');
    const license = await this.licenses.issue(tx, deploymentId, 'created');
    const operation = await this.saga.start(tx, ids, type);
    return { operation, inviteToken: invite.token, license };
  }

  private async createHome(tx: Tx, deploymentId: string): Promise<void> {
    const deployment = await this.deployments.required(tx, deploymentId);
    const { tenantId, region } = deployment;
    const { homeId, homeUrl: url, epoch } = presentPlacement(deployment);
    await this.homes.create(tx, { homeId, deploymentId, tenantId, region, epoch, url });
  }

  /** The region's pool, or a home of its own whose name nobody else has. */
  private async home(
    tx: Tx,
    region: Region,
    decision: DeploymentTypeDecision,
    url: string,
  ): Promise<{ homeId: string; homeUrl: string }> {
    const pool = region.pools[0];
    if (decision.type === 'shared' && pool) return { homeId: pool.homeId, homeUrl: pool.url };
    const home = { homeId: this.ids.uuid(), homeUrl: url };
    await this.regions.addDedicatedHome(tx, {
      homeId: home.homeId,
      region: region.code,
      kind: 'dedicated',
      url,
    });
    return home;
  }
}
