import { Inject, Injectable } from '@nestjs/common';
import { RefusalError, type Clock } from '@biplane/kernel';
import { CLOCK, IDS, UnitOfWork, type Ids, type Principal, type Tx } from '@biplane/service-kit';
import { Audit, type Actor } from '../audit/index.js';
import { PlansService } from '../catalog/index.js';
import { DeploymentsService, homeUrl, presentPlacement, type Deployment } from '../deployments/index.js';
import { DedicatedHomes } from '../homes/index.js';
import { LicenseService } from '../licenses/index.js';
import { Operations, type Operation } from '../operations/index.js';
import { RegionsService, type Region } from '../regions/index.js';
import { SubscriptionsService } from '../subscriptions/index.js';
import { TenantsService } from '../tenants/index.js';
import { moveRefusals } from './domain/move.js';
import type { Move, MoveReportRow, MoveTarget } from './move.js';
import { MoveErrors } from './moves.errors.js';
import { MovesStore } from './moves.store.js';

const SHOWN_MAX = 20;

/** Begins moves, and shows what became of them. */
@Injectable()
export class MoveRequests {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: MovesStore,
    private readonly operations: Operations,
    private readonly deployments: DeploymentsService,
    private readonly subscriptions: SubscriptionsService,
    private readonly plans: PlansService,
    private readonly tenants: TenantsService,
    private readonly regions: RegionsService,
    private readonly homes: DedicatedHomes,
    private readonly licenses: LicenseService,
    private readonly audit: Audit,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: Ids,
  ) {}

  /** The operation, the new home, and the license by which the homes begin: one transaction. */
  async start(tx: Tx, id: string, to: MoveTarget, reason: string, actor: Actor): Promise<Operation> {
    await this.deployments.lock(tx, id);
    const deployment = await this.deployments.required(tx, id);
    const region = await this.regions.required(tx, deployment.region);
    await this.refuse(tx, deployment, region, to);
    const { tenantId, placements } = deployment;
    // Never one that an earlier move had: a word of that one, however late, is not of this one.
    const lastEpoch = Math.max(await this.store.lastEpoch(tx, id), ...placements.map(({ epoch }) => epoch));
    const operation = await this.operations.start(tx, { kind: 'move', tenantId, deploymentId: id });
    const target = await this.target(tx, deployment, region, to, lastEpoch + 1);
    const { homeId: fromHomeId } = presentPlacement(deployment);
    const createdAt = this.clock.now();
    const ids = { operationId: operation.id, tenantId, deploymentId: id };
    await this.store.insert(tx, { ...ids, ...target, toType: to, fromHomeId, reason, createdAt });
    await this.licenses.issue(tx, id, 'move_prepare');
    await this.audit.record(tx, {
      actor,
      action: 'deployment.move_started',
      object: { type: 'deployment', id },
      tenantId,
      before: { type: deployment.type, homeId: fromHomeId },
      after: { to, homeId: target.toHomeId, epoch: target.toEpoch, operationId: operation.id },
      reason,
    });
    return operation;
  }

  /** Newest first, each with what its homes reported. */
  async list(id: string, principal: Principal): Promise<{ move: Move; reports: MoveReportRow[] }[]> {
    const tx = this.unitOfWork.reader;
    await this.deployments.readable(tx, id, principal);
    const moves = await this.store.ofDeployment(tx, id, SHOWN_MAX);
    const shown: { move: Move; reports: MoveReportRow[] }[] = [];
    for (const move of moves) shown.push({ move, reports: await this.store.reports(tx, id, move.toEpoch) });
    return shown;
  }

  private async refuse(tx: Tx, deployment: Deployment, region: Region, to: MoveTarget): Promise<void> {
    const subscription = await this.subscriptions.find(tx, deployment.id);
    const plan =
      subscription && (await this.plans.publishedVersion(tx, subscription.planCode, subscription.planVersion));
    const head = plan && (await this.licenses.requiredHead(tx, deployment.id));
    const reasons = moveRefusals({
      to,
      type: deployment.type,
      state: deployment.state,
      isReady: deployment.firstReadyAt !== null,
      planHasDedicatedCompute: plan?.content.dedicatedCompute ?? false,
      isRevoked: head !== null && head.revokedAt !== null,
      hasPool: region.pools.length > 0,
    });
    if (reasons.length === 0) return;
    throw new RefusalError(MoveErrors.REFUSED({ detail: reasons.join('; '), members: { reasons } }));
  }

  private async target(
    tx: Tx,
    deployment: Deployment,
    region: Region,
    to: MoveTarget,
    toEpoch: number,
  ): Promise<Pick<Move, 'toHomeId' | 'toUrl' | 'toEpoch'>> {
    const pool = region.pools[0];
    if (to === 'shared' && pool) return { toHomeId: pool.homeId, toUrl: pool.url, toEpoch };
    const { id: deploymentId, tenantId, slug } = deployment;
    const tenant = await this.tenants.required(tx, tenantId);
    const [homeId, url] = [this.ids.uuid(), homeUrl(slug, tenant.slug, region.domain)];
    await this.regions.addDedicatedHome(tx, { homeId, region: region.code, kind: 'dedicated', url });
    await this.homes.create(tx, { homeId, deploymentId, tenantId, region: region.code, epoch: toEpoch, url });
    return { toHomeId: homeId, toUrl: url, toEpoch };
  }
}
