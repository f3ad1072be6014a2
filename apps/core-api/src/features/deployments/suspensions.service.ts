import { Injectable } from '@nestjs/common';
import type { Tx } from '@biplane/service-kit';
import type { Actor } from '../audit/index.js';
import { DeploymentLifecycle } from './deployment-lifecycle.js';
import { DeploymentsService } from './deployments.service.js';
import type { DeploymentState } from './domain/deployment-state.js';
import { maySuspend, resumePath, type SuspensionCause } from './domain/suspension.js';
import { SuspensionsStore } from './suspensions.store.js';

interface Because {
  readonly reason: string;
  readonly actor: Actor;
  readonly at: Date;
}

/** Suspending for a cause, and lifting that cause alone. */
@Injectable()
export class Suspensions {
  constructor(
    private readonly store: SuspensionsStore,
    private readonly deployments: DeploymentsService,
    private readonly lifecycle: DeploymentLifecycle,
  ) {}

  /** Nothing for one that has ended, or that this cause holds already; one that another holds is held by both. */
  async suspend(tx: Tx, id: string, cause: SuspensionCause, because: Because): Promise<void> {
    await this.deployments.lock(tx, id);
    const deployment = await this.deployments.required(tx, id);
    if (!maySuspend(deployment)) return;
    const { state } = deployment;
    if (state === 'suspended') {
      const [first] = await this.store.open(tx, id);
      await this.store.add(tx, id, cause, first?.fromState ?? 'active', because.at);
      return;
    }
    await this.lifecycle.transition(tx, { deploymentId: id, to: 'suspended', cause, ...because });
  }

  /** Of one that is suspended, and that nobody is known to have suspended: an operator lifts it. */
  async fill(tx: Tx, id: string, fromState: DeploymentState, at: Date): Promise<void> {
    if ((await this.store.open(tx, id)).length === 0) await this.store.add(tx, id, 'operator', fromState, at);
  }

  async resume(tx: Tx, id: string, cause: SuspensionCause, because: Because): Promise<void> {
    await this.deployments.lock(tx, id);
    const path = resumePath(await this.store.open(tx, id), cause);
    await this.store.close(tx, id, cause, because.at);
    for (const to of path) await this.lifecycle.transition(tx, { deploymentId: id, to, cause, ...because });
  }

  /** Nothing is owed any more: what dunning did is undone, at once or when the last other cause is lifted. */
  async settle(tx: Tx, id: string, because: Because): Promise<void> {
    await this.deployments.lock(tx, id);
    await this.store.forgetPastDue(tx, id);
    await this.resume(tx, id, 'dunning', because);
    const { state } = await this.deployments.required(tx, id);
    if (state !== 'past_due') return;
    await this.lifecycle.transition(tx, { deploymentId: id, to: 'active', cause: 'dunning', ...because });
  }
}
