import { Injectable } from '@nestjs/common';
import type { Tx } from '@biplane/service-kit';
import type { Deployment } from './deployment.js';

type Contribution = (tx: Tx, deployment: Deployment) => Promise<unknown>;

/** What other features show on a deployment's page (`subscription`, `conditions`), without this feature knowing them. */
@Injectable()
export class DeploymentDetails {
  private readonly contributions = new Map<string, Contribution>();

  contribute(member: string, contribution: Contribution): void {
    if (this.contributions.has(member)) throw new Error(`The member ${member} is contributed twice`);
    this.contributions.set(member, contribution);
  }

  async of(tx: Tx, deployment: Deployment): Promise<Record<string, unknown>> {
    const details: Record<string, unknown> = {};
    for (const [member, contribution] of this.contributions) details[member] = await contribution(tx, deployment);
    return details;
  }
}
