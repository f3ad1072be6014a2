import { Injectable } from '@nestjs/common';
import { rehearse, StoredAnswer, UnitOfWork, type Tx } from '@biplane/service-kit';
import type { Actor } from '../audit/index.js';
import { deploymentJson, presentPlacement, type Deployment } from '../deployments/index.js';
import { HomePlans } from '../homes/index.js';
import type { LicenseRow } from '../licenses/index.js';
import type { CreateDeploymentBody } from './deployments.dto.js';
import type { NoObjects, PlannedDeploymentDto, PlannedObjectDto } from './dry-run.dto.js';
import { FurtherDeployments } from './further-deployments.service.js';
import type { CreateTenantBody } from './provisioning.dto.js';
import { TenantProvisioningService } from './tenant-provisioning.service.js';

interface Planned {
  readonly objects: readonly PlannedObjectDto[];
  readonly noObjectsBecause: NoObjects | null;
}

/** The creation itself, taken back: so that it refuses what the real one refuses, and shows what the real one makes. */
@Injectable()
export class DryRuns {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly tenants: TenantProvisioningService,
    private readonly deployments: FurtherDeployments,
    private readonly homes: HomePlans,
  ) {}

  ofTenant(body: CreateTenantBody, actor: Actor): Promise<StoredAnswer> {
    return this.answer(async (tx) => {
      const { deployment, license } = await this.tenants.createTenant(tx, body, actor);
      return this.shown(tx, deployment, license);
    });
  }

  ofDeployment(body: CreateDeploymentBody, actor: Actor): Promise<StoredAnswer> {
    return this.answer(async (tx) => {
      const { deployment, provisioned } = await this.deployments.create(tx, body, actor);
      return this.shown(tx, deployment, provisioned?.license ?? null);
    });
  }

  private async answer(work: (tx: Tx) => Promise<PlannedDeploymentDto>): Promise<StoredAnswer> {
    return new StoredAnswer(200, await rehearse(this.unitOfWork, work), {}, false);
  }

  private async shown(tx: Tx, deployment: Deployment, license: LicenseRow | null): Promise<PlannedDeploymentDto> {
    return {
      deployment: deploymentJson(deployment),
      license: license && withoutTokens(license),
      ...(await this.planned(tx, deployment, license)),
    };
  }

  private async planned(tx: Tx, deployment: Deployment, license: LicenseRow | null): Promise<Planned> {
    if (deployment.type === 'shared') return { objects: [], noObjectsBecause: 'SHARED' };
    if (license === null) return { objects: [], noObjectsBecause: 'NOT_SUBSCRIBED' };
    const objects = await this.homes.objects(tx, presentPlacement(deployment).homeId);
    if (objects === null) return { objects: [], noObjectsBecause: 'CLUSTER_SETTINGS_UNKNOWN' };
    const shown = objects.map((manifest) => {
      const { kind, metadata } = manifest;
      return { kind, name: metadata.name, namespace: metadata.namespace ?? null, manifest };
    });
    return { objects: shown, noObjectsBecause: null };
  }
}

/** They hold hashes of tokens that nobody will ever be given. */
function withoutTokens({ claims }: LicenseRow): NonNullable<PlannedDeploymentDto['license']> {
  const { bootstrap: _, enrollment: __, ...told } = claims;
  return told;
}
