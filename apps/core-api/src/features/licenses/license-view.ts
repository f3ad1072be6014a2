import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type { Clock } from '@biplane/kernel';
import { CLOCK, type Tx } from '@biplane/service-kit';
import { DeploymentDetails, presentPlacement, type ConditionDto, type Deployment } from '../deployments/index.js';
import { DedicatedHomes } from '../homes/index.js';
import { LIVE_MS } from './applied.service.js';
import { AppliedStore } from './applied.store.js';
import { InstancesStore } from './instances.store.js';
import { LicenseService } from './license.service.js';
import type { LicenseDto } from './licenses.responses.js';
import { LicensesStore } from './licenses.store.js';

/** How licenses are shown, alone and on a deployment's page. */
@Injectable()
export class LicenseView implements OnModuleInit {
  constructor(
    private readonly store: LicensesStore,
    private readonly applied: AppliedStore,
    private readonly instances: InstancesStore,
    private readonly licenses: LicenseService,
    private readonly details: DeploymentDetails,
    private readonly homes: DedicatedHomes,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.details.contribute('conditions', async (tx, deployment) => [
      ...(await this.conditions(tx, deployment)),
      ...(await this.homeConditions(tx, deployment)),
    ]);
  }

  async show(tx: Tx, deploymentId: string): Promise<LicenseDto> {
    const head = await this.licenses.requiredHead(tx, deploymentId);
    const license = await this.store.version(tx, deploymentId, head.version);
    const reports = await this.applied.ofDeployment(tx, deploymentId);
    const enforcement = await this.instances.enforcement(tx, deploymentId, head.homeId, this.liveAfter());
    const propagation = await this.instances.propagation(tx, deploymentId, head.version);
    return {
      deploymentId,
      version: head.version,
      status: head.status,
      kid: license!.kid,
      document: license!.claims,
      signed: license!.signed,
      enforcedBy: enforcement.map(({ instanceId, region, homeId, version, since }) => ({
        instanceId,
        region,
        version,
        since,
        database: reports.find((report) => report.homeId === homeId)?.databaseState ?? 'pending',
      })),
      propagation: {
        issuedAt: head.issuedAt,
        lastAppliedAt: propagation?.lastAppliedAt ?? null,
        millis: propagation?.millis ?? null,
      },
    };
  }

  private async conditions(tx: Tx, deployment: Deployment): Promise<ConditionDto[]> {
    const head = await this.store.head(tx, deployment.id);
    if (!head) return [];
    const report = (await this.applied.ofDeployment(tx, deployment.id)).find(
      ({ homeId }) => homeId === presentPlacement(deployment).homeId,
    );
    const propagation = await this.instances.propagation(tx, deployment.id, head.version);
    const at = report?.receivedAt ?? null;
    return [
      {
        type: 'LicenseEnforced',
        status: propagation !== null,
        reason: propagation ? null : 'NOT_CONFIRMED',
        since: propagation?.lastAppliedAt ?? null,
      },
      {
        type: 'DatabaseReady',
        status: report?.databaseState === 'ready',
        reason: report?.reason ?? report?.databaseState ?? 'NOT_REPORTED',
        since: at,
      },
      { type: 'AdminBootstrapped', status: report?.adminBootstrapped ?? false, reason: null, since: at },
    ];
  }

  /** Of a home of its own: what the cluster said. */
  private async homeConditions(tx: Tx, deployment: Deployment): Promise<ConditionDto[]> {
    const { homeId } = presentPlacement(deployment);
    const home = (await this.homes.ofDeployment(tx, deployment.id)).find((each) => each.homeId === homeId);
    return (home?.conditions ?? []).map(({ type, status, reason, since }) => ({ type, status, reason, since }));
  }

  private liveAfter(): Date {
    return new Date(this.clock.now().getTime() - LIVE_MS);
  }
}
