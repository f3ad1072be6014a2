import { compareDecimal, type Decimal } from '@biplane/kernel';

export type DeploymentType = 'shared' | 'container_per_tenant';

export interface DeploymentRequirements {
  readonly compliance: readonly string[];
  /** Where the data must stay; null when the tenant does not care. */
  readonly residency: string | null;
  readonly expectedMembers: number;
  readonly expectedStorageGb: Decimal;
  readonly expectedRequestsPerDay: Decimal;
  /** Asked for in so many words. */
  readonly dedicated: boolean;
}

export interface DeploymentTypeInput {
  readonly requirements: DeploymentRequirements;
  readonly planDedicatedCompute: boolean;
  readonly region: {
    readonly code: string;
    readonly hasSharedPool: boolean;
    readonly isolatingCompliance: readonly string[];
    readonly thresholds: { readonly members: number; readonly storageGb: Decimal; readonly requestsPerDay: Decimal };
  };
}

export interface DeploymentTypeDecision {
  readonly type: DeploymentType;
  /** Never empty: an operator reads here why a tenant stands where it stands. */
  readonly reasons: readonly string[];
}

/** Exactly at a threshold is still shared: thresholds are the sizes *above* which a tenant gets its own container. */
export function determineDeploymentType(input: DeploymentTypeInput): DeploymentTypeDecision {
  const { requirements, region } = input;
  const reasons: string[] = [];
  for (const tag of requirements.compliance) {
    if (region.isolatingCompliance.includes(tag)) reasons.push(`compliance ${tag} needs isolation in ${region.code}`);
  }
  if (!region.hasSharedPool) reasons.push(`${region.code} has no shared pool`);
  if (requirements.expectedMembers > region.thresholds.members) {
    reasons.push(`more than ${region.thresholds.members} members are expected`);
  }
  if (compareDecimal(requirements.expectedStorageGb, region.thresholds.storageGb) > 0) {
    reasons.push('the expected storage is above the threshold of the region');
  }
  if (compareDecimal(requirements.expectedRequestsPerDay, region.thresholds.requestsPerDay) > 0) {
    reasons.push('the expected requests per day are above the threshold of the region');
  }
  if (input.planDedicatedCompute) reasons.push('the plan includes dedicated compute');
  if (requirements.dedicated) reasons.push('a container of its own was requested');
  return reasons.length > 0
    ? { type: 'container_per_tenant', reasons }
    : { type: 'shared', reasons: ['nothing asks for a container of its own'] };
}
