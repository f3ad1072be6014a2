import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { RefusalError, type Clock } from '@biplane/kernel';
import { CLOCK, UnitOfWork, type Tx } from '@biplane/service-kit';
import { Audit, type Actor } from '../audit/index.js';
import { DeploymentDetails, DeploymentLifecycle, DeploymentsService, type Deployment } from '../deployments/index.js';
import { DedicatedHomes } from '../homes/index.js';
import { LicenseEnds } from '../licenses/index.js';
import { currentStep, Operations, type Operation } from '../operations/index.js';
import { TenantRetirements } from '../tenants/index.js';
import { stepsOf } from './domain/steps.js';
import { RetirementErrors } from './retirement.errors.js';
import { RetirementStore } from './retirement.store.js';

/** Beginning the end of deployments and tenants. What follows is the saga's. */
@Injectable()
export class Retirements implements OnModuleInit {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: RetirementStore,
    private readonly deployments: DeploymentsService,
    private readonly lifecycle: DeploymentLifecycle,
    private readonly details: DeploymentDetails,
    private readonly tenants: TenantRetirements,
    private readonly licenses: LicenseEnds,
    private readonly homes: DedicatedHomes,
    private readonly operations: Operations,
    private readonly audit: Audit,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.details.contribute('retirement', async (tx, { id }) => {
      const retirement = await this.store.find(tx, id);
      const operation = retirement && (await this.operations.newest(tx, id, 'retire'));
      if (!retirement || !operation) return null;
      const { operationId, reason, requestedBy, requestedAt, givenUpAt } = retirement;
      const license = await this.licenses.standing(tx, id);
      const step = currentStep(operation)?.name ?? null;
      const purgeAfter = license?.purgeAfter ?? null;
      return { operationId, state: operation.state, step, reason, requestedBy, requestedAt, purgeAfter, givenUpAt };
    });
  }

  /** It stops now. Asked again, it is what is under way; nothing undoes it. */
  retireDeployment(id: string, reason: string, actor: Actor): Promise<Operation> {
    return this.unitOfWork.run(async (tx) => {
      await this.deployments.lock(tx, id);
      return this.begin(tx, await this.deployments.required(tx, id), reason, actor);
    });
  }

  /** All its deployments, and itself when they are archived. */
  retireTenant(id: string, reason: string, actor: Actor): Promise<Operation[]> {
    return this.unitOfWork.run(async (tx) => {
      await this.tenants.begin(tx, id, reason, actor);
      const operations: Operation[] = [];
      for (const found of await this.deployments.ofTenant(tx, id)) {
        await this.deployments.lock(tx, found.id);
        operations.push(await this.begin(tx, await this.deployments.required(tx, found.id), reason, actor));
      }
      // Those that were retired one by one before.
      await this.tenants.archiveIfOver(tx, id);
      return operations;
    });
  }

  /** Its home will never report: nothing is awaited of it any more. Its data is still kept as long as was promised. */
  giveUpHome(id: string, reason: string, actor: Actor): Promise<Operation> {
    return this.unitOfWork.run(async (tx) => {
      const { tenantId } = await this.deployments.required(tx, id);
      const operation = await this.operations.lockNewest(tx, id, 'retire');
      if (!operation)
        throw new RefusalError(RetirementErrors.NONE({ detail: `Deployment ${id} is not being retired` }));
      if (operation.state === 'succeeded') {
        throw new RefusalError(RetirementErrors.OVER({ detail: `Deployment ${id} was retired` }));
      }
      const now = this.clock.now();
      if (await this.store.giveUp(tx, id, actor.id, reason, now)) {
        const object = { type: 'deployment', id };
        const after = { step: currentStep(operation)?.name };
        await this.audit.record(tx, { actor, action: 'retirement.home_given_up', object, tenantId, after, reason });
      }
      if (operation.state === 'failed') return this.operations.retryIn(tx, operation.id, actor);
      await this.operations.lookAgain(tx, operation.id, now);
      return this.operations.lock(tx, operation.id);
    });
  }

  private async begin(tx: Tx, deployment: Deployment, reason: string, actor: Actor): Promise<Operation> {
    const { id: deploymentId, tenantId, state } = deployment;
    const present = await this.operations.newest(tx, deploymentId, 'retire');
    if (present) return present;
    await this.operations.refuseBusy(tx, deploymentId);
    // Its data is not purged, and its home not removed, before its last month is invoiced.
    await this.licenses.hold(tx, deploymentId);
    if (state !== 'cancelled' && state !== 'archived') {
      await this.lifecycle.transition(tx, { deploymentId, to: 'cancelled', actor, reason, endsAt: 'now' });
    }
    await this.endProvisioning(tx, deploymentId);
    const hasOwnHome = (await this.homes.ofDeployment(tx, deploymentId)).length > 0;
    const now = this.clock.now();
    const ids = { tenantId, deploymentId };
    const steps = stepsOf(hasOwnHome);
    const operation = await this.operations.start(tx, { kind: 'retire', ...ids, steps, nextActionAt: now });
    const retirement = { ...ids, operationId: operation.id, reason, requestedBy: actor.id, requestedAt: now };
    await this.store.insert(tx, { ...retirement, givenUpAt: null, givenUpBy: null, givenUpReason: null });
    await this.audit.record(tx, {
      actor,
      action: 'deployment.retirement_began',
      object: { type: 'deployment', id: deploymentId },
      tenantId,
      before: { state },
      after: { operationId: operation.id, steps },
      reason,
    });
    return operation;
  }

  private async endProvisioning(tx: Tx, deploymentId: string): Promise<void> {
    const provisioning = await this.operations.newest(tx, deploymentId, 'provision');
    const step = provisioning && currentStep(provisioning);
    if (step) await this.operations.fail(tx, provisioning.id, step.name, 'the deployment is retired');
  }
}
