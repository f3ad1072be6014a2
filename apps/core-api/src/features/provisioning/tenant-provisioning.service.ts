import { Inject, Injectable } from '@nestjs/common';
import { IDS, type Ids, type Tx } from '@biplane/service-kit';
import { Audit, type Actor } from '../audit/index.js';
import { PlansService } from '../catalog/index.js';
import { DeploymentsService, type Deployment } from '../deployments/index.js';
import type { LicenseRow } from '../licenses/index.js';
import type { Operation } from '../operations/index.js';
import { RegionsService } from '../regions/index.js';
import { TenantsService, type Tenant } from '../tenants/index.js';
import { DeploymentProvisioning } from './deployment-provisioning.service.js';
import type { CreateTenantBody } from './provisioning.dto.js';
import { readRequirements } from './requirements.js';

export interface CreatedTenant {
  readonly tenant: Tenant;
  readonly deployment: Deployment;
  readonly operation: Operation;
  /** Told once; only its hash is stored. */
  readonly inviteToken: string;
  readonly license: LicenseRow;
}

/** Creates a tenant with all that belongs to it, over five features, in the one transaction that it is given. */
@Injectable()
export class TenantProvisioningService {
  constructor(
    private readonly tenants: TenantsService,
    private readonly regions: RegionsService,
    private readonly plans: PlansService,
    private readonly deployments: DeploymentsService,
    private readonly provisioning: DeploymentProvisioning,
    private readonly audit: Audit,
    @Inject(IDS) private readonly ids: Ids,
  ) {}

  async createTenant(tx: Tx, input: CreateTenantBody, actor: Actor): Promise<CreatedTenant> {
    const { slug, name } = input;
    const billing = this.tenants.checkBilling({
      ...input.billing,
      taxId: input.billing.taxId ?? null,
      payByInvoice: input.billing.payByInvoice ?? true,
      locale: input.billing.locale ?? 'en',
    });
    const region = await this.regions.required(tx, input.region);
    const plan = await this.plans.publishedVersion(tx, input.plan.code, input.plan.version);
    const requirements = readRequirements(input.requirements ?? {}, region);
    const tenantId = this.ids.uuid();
    const tenant = await this.tenants.record(tx, { id: tenantId, slug, name, billing });
    const recorded = await this.provisioning.record(
      tx,
      { tenantId, slug, displayName: name, tenantSlug: slug, region, plan, requirements, settings: {}, template: null },
      actor,
    );
    const { timeZone, currency } = billing;
    const { type } = recorded.decision;
    const { operation, inviteToken, license } = await this.provisioning.start(
      tx,
      {
        tenantId,
        deploymentId: recorded.id,
        type,
        plan,
        addons: input.addons ?? [],
        term: input.term ?? {},
        timeZone,
        currency,
        admin: input.admin,
      },
      actor,
    );
    await this.audit.record(tx, {
      actor,
      action: 'tenant.created',
      object: { type: 'tenant', id: tenantId },
      tenantId,
      after: {
        slug,
        deploymentId: recorded.id,
        ...recorded.decision,
        plan: { code: plan.planCode, version: plan.version },
        licenseVersion: license.version,
      },
    });
    const deployment = await this.deployments.required(tx, recorded.id);
    return { tenant, deployment, operation, inviteToken, license };
  }
}
