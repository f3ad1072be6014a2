import { Injectable } from '@nestjs/common';
import type { Tx } from '@biplane/service-kit';
import { DeploymentsService, type TransitionReason } from './deployments.service.js';
import { maySuspend, resumePath, type SuspensionCause } from './domain/suspension.js';
import { SuspensionsStore } from './suspensions.store.js';

type Because = Omit<TransitionReason, 'cause'>;

/** Suspending for a cause, and lifting that cause alone. */
@Injectable()
export class Suspensions {
  constructor(
    private readonly store: SuspensionsStore,
    private readonly deployments: DeploymentsService,
  ) {}

  /** Nothing for one that has ended, or that this cause holds already; one that another holds is held by both. */
  async suspend(tx: Tx, id: string, cause: SuspensionCause, because: Because): Promise<void> {
    await this.deployments.lock(tx, id);
    const { state } = await this.deployments.required(tx, id);
    if (!maySuspend(state)) return;
    if (state === 'suspended') {
      const [first] = await this.store.open(tx, id);
      await this.store.add(tx, id, cause, first?.fromState ?? 'active', because.at);
      return;
    }
    await this.deployments.transitionIn(tx, id, 'suspended', { ...because, cause });
  }

  async resume(tx: Tx, id: string, cause: SuspensionCause, because: Because): Promise<void> {
    await this.deployments.lock(tx, id);
    const path = resumePath(await this.store.open(tx, id), cause);
    await this.store.close(tx, id, cause, because.at);
    for (const state of path) await this.deployments.transitionIn(tx, id, state, because);
  }
}
