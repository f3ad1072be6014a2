import { Injectable } from '@nestjs/common';
import type { Tx } from '@biplane/service-kit';
import type { Deployment } from './deployment.js';
import type { DeploymentDetailsDto } from './deployments.responses.js';

type Contribution<T> = (tx: Tx, deployment: Deployment) => Promise<T>;

/** What other features show on a deployment's page (`subscription`, `conditions`), without this feature knowing them. */
@Injectable()
export class DeploymentDetails {
  private readonly contributions = new Map<keyof DeploymentDetailsDto, Contribution<unknown>>();

  contribute<Member extends keyof DeploymentDetailsDto>(
    member: Member,
    contribution: Contribution<DeploymentDetailsDto[Member]>,
  ): void {
    if (this.contributions.has(member)) throw new Error(`The member ${member} is contributed twice`);
    this.contributions.set(member, contribution);
  }

  async of(tx: Tx, deployment: Deployment): Promise<DeploymentDetailsDto> {
    const details: Partial<Record<keyof DeploymentDetailsDto, unknown>> = {};
    for (const [member, contribution] of this.contributions) details[member] = await contribution(tx, deployment);
    // Each member is contributed when its feature starts, with the type that `contribute` asks for.
    return details as DeploymentDetailsDto;
  }
}
