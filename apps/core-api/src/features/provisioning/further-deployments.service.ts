import { Injectable } from '@nestjs/common';
import { RefusalError } from '@biplane/kernel';
import { invalid, type Tx } from '@biplane/service-kit';
import { Audit, type Actor } from '../audit/index.js';
import { PlansService } from '../catalog/index.js';
import { DeploymentLifecycle, DeploymentsService, type Deployment } from '../deployments/index.js';
import { RegionsService } from '../regions/index.js';
import { SubscriptionErrors, SubscriptionsService, type Subscription } from '../subscriptions/index.js';
import { TenantErrors, TenantsService, type Tenant } from '../tenants/index.js';
import { readSettings } from './domain/settings.js';
import { DeploymentProvisioning, type Provisioned } from './deployment-provisioning.service.js';
import type { CreateDeploymentBody, SubscribeBody } from './deployments.dto.js';
import { readRequirements } from './requirements.js';

export interface CreatedDeployment {
  readonly deployment: Deployment;
  /** Null while it is not subscribed. */
  readonly provisioned: Provisioned | null;
}

export interface Subscribed extends Provisioned {
  readonly subscription: Subscription;
}

/** Every deployment of a tenant after the one that it was created with. */
@Injectable()
export class FurtherDeployments {
  constructor(
    private readonly tenants: TenantsService,
    private readonly regions: RegionsService,
    private readonly plans: PlansService,
    private readonly deployments: DeploymentsService,
    private readonly lifecycle: DeploymentLifecycle,
    private readonly subscriptions: SubscriptionsService,
    private readonly provisioning: DeploymentProvisioning,
    private readonly audit: Audit,
  ) {}

  async create(tx: Tx, body: CreateDeploymentBody, actor: Actor): Promise<CreatedDeployment> {
    const tenant = await this.workingTenant(tx, body.tenantId);
    const { slug, displayName, settings, template } = { ...body, ...readFree(body) };
    const region = await this.regions.required(tx, body.region);
    const plan = body.plan ? await this.plans.publishedVersion(tx, body.plan.code, body.plan.version) : null;
    const requirements = readRequirements(body.requirements ?? {}, region);
    await this.deployments.refuseTakenSlug(tx, tenant.id, slug);
    const wanted = {
      tenantId: tenant.id,
      slug,
      displayName,
      tenantSlug: tenant.slug,
      region,
      plan,
      requirements,
      settings,
      template,
    };
    const { id, decision } = await this.provisioning.record(tx, wanted, actor);
    await this.audit.record(tx, {
      actor,
      action: 'deployment.created',
      object: { type: 'deployment', id },
      tenantId: tenant.id,
      after: { slug, region: region.code, ...decision, plan: plan && { code: plan.planCode, version: plan.version } },
    });
    if (plan === null) return { deployment: await this.deployments.required(tx, id), provisioned: null };
    const choice = { planCode: plan.planCode, version: plan.version, ...subscribable(body) };
    const provisioned = await this.start(tx, { deploymentId: id, type: decision.type, tenant, choice }, actor);
    return { deployment: await this.deployments.required(tx, id), provisioned };
  }

  /** Of a deployment that was recorded without a plan; it has one subscription for ever, whose plan and term change. */
  async subscribe(tx: Tx, deploymentId: string, choice: SubscribeBody, actor: Actor): Promise<Subscribed> {
    const { tenantId } = await this.deployments.required(tx, deploymentId);
    const tenant = await this.workingTenant(tx, tenantId);
    await this.deployments.lock(tx, deploymentId);
    const { state, type } = await this.deployments.required(tx, deploymentId);
    const present = await this.subscriptions.find(tx, deploymentId);
    if (present) {
      const detail = `Deployment ${deploymentId} is subscribed to "${present.planCode}"`;
      throw new RefusalError(SubscriptionErrors.ALREADY({ detail, members: { subscriptionId: present.id } }));
    }
    if (state === 'cancelled' || state === 'archived') {
      throw new RefusalError(SubscriptionErrors.ENDED({ detail: `The deployment is ${state}` }));
    }
    const provisioned = await this.start(tx, { deploymentId, type, tenant, choice }, actor);
    await this.deployments.setPhase(tx, deploymentId, 'license_issued');
    const subscription = await this.subscriptions.required(tx, deploymentId);
    if (state === 'trial' && subscription.trialEndsAt === null) {
      const reason = 'subscribed to a plan without a trial';
      await this.lifecycle.transition(tx, { deploymentId, to: 'active', actor, reason });
    }
    return { ...provisioned, subscription };
  }

  private async start(
    tx: Tx,
    of: {
      readonly deploymentId: string;
      readonly type: Deployment['type'];
      readonly tenant: Tenant;
      readonly choice: SubscribeBody;
    },
    actor: Actor,
  ): Promise<Provisioned> {
    const { deploymentId, type, tenant, choice } = of;
    const { currency, timeZone } = await this.tenants.billingProfile(tx, tenant.id);
    const plan = await this.plans.publishedVersion(tx, choice.planCode, choice.version);
    const admin = choice.admin ?? (await this.tenants.administratorOf(tx, tenant.id));
    if (admin === null) throw new Error(`Tenant ${tenant.id} was created without an administrator`);
    const [addons, term] = [choice.addons ?? [], choice.term ?? {}];
    const started = await this.provisioning.start(
      tx,
      { tenantId: tenant.id, deploymentId, type, plan, addons, term, currency, timeZone, admin },
      actor,
    );
    await this.audit.record(tx, {
      actor,
      action: 'subscription.started',
      object: { type: 'deployment', id: deploymentId },
      tenantId: tenant.id,
      after: { plan: { code: plan.planCode, version: plan.version }, licenseVersion: started.license.version },
    });
    return started;
  }

  /** Held, so that it is not suspended meanwhile. */
  private async workingTenant(tx: Tx, id: string): Promise<Tenant> {
    const tenant = await this.tenants.hold(tx, id);
    if (tenant.state === 'active') return tenant;
    if (tenant.state !== 'suspended') {
      throw new RefusalError(TenantErrors.RETIRED({ detail: `Tenant ${id} is ${tenant.state}` }));
    }
    throw new RefusalError(TenantErrors.SUSPENDED({ detail: `Tenant ${id} is ${tenant.state}` }));
  }
}

function subscribable({ addons, term, admin }: CreateDeploymentBody): Pick<SubscribeBody, 'addons' | 'term' | 'admin'> {
  return { ...(addons && { addons }), ...(term && { term }), ...(admin && { admin }) };
}

function readFree({ settings = {}, llmMode, templateCode = null, templateVersion = null }: CreateDeploymentBody) {
  const read = readSettings({ ...settings, ...(llmMode !== undefined && { llmMode }) });
  if ('mistakes' in read) throw new RefusalError(invalid(read.mistakes));
  const template = templateCode === null ? null : { code: templateCode, version: templateVersion ?? 1 };
  return { settings: read.settings, template };
}
