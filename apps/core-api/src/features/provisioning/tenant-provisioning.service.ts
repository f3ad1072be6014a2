import { Inject, Injectable } from '@nestjs/common';
import { parseDecimal, RefusalError, type Clock, type Decimal, type FieldError, ZERO_DECIMAL } from '@biplane/kernel';
import { CLOCK, faultPoint, IDS, type Ids, type Tx } from '@biplane/service-kit';
import { Audit, type Actor } from '../audit/index.js';
import { PlansService, type PlanVersionContent } from '../catalog/index.js';
import {
  DeploymentsService,
  determineDeploymentType,
  initialState,
  type Deployment,
  type DeploymentRequirements,
  type DeploymentTypeDecision,
} from '../deployments/index.js';
import { LicenseService } from '../licenses/index.js';
import { RegionsService, type Region } from '../regions/index.js';
import { SubscriptionsService, termOf } from '../subscriptions/index.js';
import { TenantErrors, TenantsService, type Tenant } from '../tenants/index.js';
import { OperationsService } from './operations.service.js';
import type { Operation } from './operations.store.js';
import type { CreateTenantBody, RequirementsBody } from './provisioning.dto.js';

export interface CreatedTenant {
  readonly tenant: Tenant;
  readonly deployment: Deployment;
  readonly operation: Operation;
  /** Told once; only its hash is stored. */
  readonly inviteToken: string;
}

interface CreatedIds {
  readonly tenantId: string;
  readonly deploymentId: string;
}

/** Creates a tenant with all that belongs to it, over five features, in the one transaction that it is given. */
@Injectable()
export class TenantProvisioningService {
  constructor(
    private readonly tenants: TenantsService,
    private readonly regions: RegionsService,
    private readonly plans: PlansService,
    private readonly deployments: DeploymentsService,
    private readonly subscriptions: SubscriptionsService,
    private readonly licenses: LicenseService,
    private readonly operations: OperationsService,
    private readonly audit: Audit,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: Ids,
  ) {}

  async createTenant(tx: Tx, input: CreateTenantBody, actor: Actor): Promise<CreatedTenant> {
    const now = this.clock.now();
    const billing = this.tenants.checkBilling({
      ...input.billing,
      taxId: input.billing.taxId ?? null,
      payByInvoice: input.billing.payByInvoice ?? true,
      locale: input.billing.locale ?? 'en',
    });
    const region = await this.regions.required(tx, input.region);
    const plan = await this.plans.publishedVersion(tx, input.plan.code, input.plan.version);
    const requirements = readRequirements(input.requirements ?? {}, region);
    const decision = decideType(requirements, region, plan.content);
    const ids = { tenantId: this.ids.uuid(), deploymentId: this.ids.uuid() };

    const tenant = await this.tenants.record(
      tx,
      { id: ids.tenantId, slug: input.slug, name: input.name, billing },
      actor.id,
    );
    const home = await this.home(tx, region, decision, input.slug);
    await this.deployments.record(
      tx,
      {
        id: ids.deploymentId,
        tenantId: ids.tenantId,
        slug: input.slug,
        displayName: input.name,
        region: region.code,
        ...decision,
        state: initialState(plan.content.trialDays),
        phase: 'license_issued',
        settings: {},
        template: null,
        createdAt: now,
        requirements,
        home,
      },
      actor,
    );
    const { timeZone, currency } = billing;
    await this.subscriptions.start(tx, {
      ...ids,
      plan,
      addons: input.addons ?? [],
      timeZone,
      currency,
      deploymentType: decision.type,
      term: termOf(input.term ?? {}),
      actor,
      now,
    });
    const invite = await this.tenants.invite(tx, { ...ids, ...input.admin });
    faultPoint('create_tenant_before_license');
    const license = await this.licenses.issue(tx, ids.deploymentId, 'created');
    const operation = await this.operations.start(tx, { ...ids, id: this.ids.uuid(), type: decision.type, now });
    await this.tell(
      tx,
      { tenant, ids, decision, planCode: plan.planCode, planVersion: plan.version, licenseVersion: license.version },
      actor,
    );
    return {
      tenant,
      deployment: await this.deployments.required(tx, ids.deploymentId),
      operation,
      inviteToken: invite.token,
    };
  }

  /** The region's pool, or a home of its own whose name nobody else has. */
  private async home(
    tx: Tx,
    region: Region,
    decision: DeploymentTypeDecision,
    slug: string,
  ): Promise<{ homeId: string; homeUrl: string }> {
    const pool = region.pools[0];
    if (decision.type === 'shared' && pool) return { homeId: pool.homeId, homeUrl: pool.url };
    const home = { homeId: this.ids.uuid(), homeUrl: `https://${slug}.${region.domain}` };
    await this.regions.addDedicatedHome(tx, {
      homeId: home.homeId,
      region: region.code,
      kind: 'dedicated',
      url: home.homeUrl,
    });
    return home;
  }

  private async tell(
    tx: Tx,
    created: {
      tenant: Tenant;
      ids: CreatedIds;
      decision: DeploymentTypeDecision;
      planCode: string;
      planVersion: number;
      licenseVersion: number;
    },
    actor: Actor,
  ): Promise<void> {
    const { tenant, ids, decision, planCode, planVersion, licenseVersion } = created;
    const plan = { code: planCode, version: planVersion };
    await this.audit.record(tx, {
      actor,
      action: 'tenant.created',
      object: { type: 'tenant', id: tenant.id },
      tenantId: tenant.id,
      after: { slug: tenant.slug, deploymentId: ids.deploymentId, ...decision, plan, licenseVersion },
    });
  }
}

function decideType(
  requirements: DeploymentRequirements,
  region: Region,
  plan: PlanVersionContent,
): DeploymentTypeDecision {
  const { code, thresholds, isolatingCompliance, pools } = region;
  return determineDeploymentType({
    requirements,
    planDedicatedCompute: plan.dedicatedCompute,
    region: { code, thresholds, isolatingCompliance, hasSharedPool: pools.length > 0 },
  });
}

function readRequirements(body: RequirementsBody, region: Region): DeploymentRequirements {
  const residency = body.residency ?? null;
  if (residency !== null && residency !== region.residency) {
    const detail = `${region.code} keeps data in "${region.residency}", not in "${residency}"`;
    throw new RefusalError(TenantErrors.RESIDENCY_MISMATCH({ detail }));
  }
  const errors: FieldError[] = [];
  const quantity = (member: 'expectedStorageGb' | 'expectedRequestsPerDay'): Decimal => {
    const parsed = parseDecimal(body[member] ?? '0');
    if (parsed.ok) return parsed.value;
    errors.push({ pointer: `/requirements/${member}`, code: parsed.error.code, detail: parsed.error.detail });
    return ZERO_DECIMAL;
  };
  const requirements = {
    compliance: body.compliance ?? [],
    residency,
    expectedMembers: body.expectedMembers ?? 0,
    expectedStorageGb: quantity('expectedStorageGb'),
    expectedRequestsPerDay: quantity('expectedRequestsPerDay'),
    dedicated: body.dedicated ?? false,
  };
  if (errors.length === 0) return requirements;
  throw new RefusalError(
    TenantErrors.REQUIREMENTS_INVALID({ detail: errors.map(({ detail }) => detail).join('; '), errors }),
  );
}
