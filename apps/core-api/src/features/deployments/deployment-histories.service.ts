import { Injectable } from '@nestjs/common';
import type { Tx } from '@biplane/service-kit';
import { DeploymentHistoriesStore, type DeploymentHistory } from './deployment-histories.store.js';
import { activeStretches, suspendedStretches } from './domain/stretches.js';

export interface DeploymentActivity {
  readonly active: ReturnType<typeof activeStretches>;
  readonly suspended: ReturnType<typeof suspendedStretches>;
}

/** The histories of many deployments at once, and what of them is charged. */
@Injectable()
export class DeploymentHistories {
  constructor(private readonly store: DeploymentHistoriesStore) {}

  async of(tx: Tx, ids: readonly string[]): Promise<Map<string, DeploymentHistory>> {
    return new Map((await this.store.of(tx, ids)).map((history) => [history.deploymentId, history]));
  }

  /** When it is charged for, within the term of its subscription, and when it was suspended meanwhile. */
  activity(
    { changes, firstReadyAt }: DeploymentHistory,
    term: { readonly startedAt: Date; readonly endedAt: Date | null },
  ): DeploymentActivity {
    const { startedAt, endedAt } = term;
    return {
      active: activeStretches({ changes, firstReadyAt, startedAt, endedAt }),
      suspended: suspendedStretches(changes),
    };
  }
}
