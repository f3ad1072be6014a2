import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Tx } from '@biplane/service-kit';
import { DeploymentsService, presentPlacement, type DeploymentType } from '../deployments/index.js';
import { DedicatedHomes, type Observation } from '../homes/index.js';
import { AppliedService, LicenseService } from '../licenses/index.js';
import { Operations, phaseOf, type Operation } from '../operations/index.js';
import { clusterNeeds, DEADLINE_MS, judgeStep, PROVISION_STEPS, startOf } from './domain/steps.js';

/** The provisioning saga: it goes on only by what the home reported. */
@Injectable()
export class ProvisioningSaga implements OnModuleInit {
  constructor(
    private readonly operations: Operations,
    private readonly deployments: DeploymentsService,
    private readonly licenses: LicenseService,
    private readonly applied: AppliedService,
    private readonly homes: DedicatedHomes,
  ) {}

  onModuleInit(): void {
    this.operations.register('provision', {
      steps: PROVISION_STEPS,
      deadlineMs: DEADLINE_MS,
      onRetry: (tx, { deploymentId }) => this.askAgain(tx, deploymentId),
      onChanged: (tx, operation) => this.changed(tx, operation),
    });
    this.applied.onReport(async (tx, report) => {
      const operation = await this.operations.lockNewest(tx, report.deploymentId, 'provision');
      if (operation) await this.operations.advance(tx, operation, (step) => judgeStep(step, report));
    });
    this.homes.onObserved((tx, observation) => this.observed(tx, observation));
  }

  start(tx: Tx, ids: { tenantId: string; deploymentId: string }, type: DeploymentType): Promise<Operation> {
    return this.operations.start(tx, { kind: 'provision', ...ids, ...startOf(type) });
  }

  /** The home gets the present license again and acts on it as if it were new; the cluster's side of it is looked at. */
  private async askAgain(tx: Tx, deploymentId: string): Promise<void> {
    await this.licenses.publishPresent(tx, deploymentId);
    for (const { homeId } of await this.homes.ofDeployment(tx, deploymentId)) {
      await this.homes.enqueue(tx, homeId, 'retry');
    }
  }

  /** What the cluster said of the deployment's own home. */
  private async observed(tx: Tx, { homeId, deploymentId, conditions }: Observation): Promise<void> {
    const operation = await this.operations.lockNewest(tx, deploymentId, 'provision');
    if (!operation) return;
    const deployment = await this.deployments.required(tx, deploymentId);
    if (presentPlacement(deployment).homeId !== homeId) return;
    const needs = clusterNeeds(conditions);
    if (needs === null) await this.operations.succeedStep(tx, operation.id, 'cluster_applied');
    else await this.operations.note(tx, operation.id, 'cluster_applied', needs);
  }

  private async changed(tx: Tx, operation: Operation): Promise<void> {
    const { deploymentId, state, endedAt } = operation;
    await this.deployments.setPhase(tx, deploymentId, phaseOf(operation));
    if (state === 'succeeded' && endedAt) await this.deployments.setFirstReady(tx, deploymentId, endedAt);
  }
}
