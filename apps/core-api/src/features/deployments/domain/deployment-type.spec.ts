import { describe, expect, it } from '@jest/globals';
import { decimal } from '@biplane/kernel';
import { determineDeploymentType, type DeploymentTypeInput } from './deployment-type.js';

const small: DeploymentTypeInput = {
  requirements: {
    compliance: ['gdpr'],
    residency: 'eu',
    expectedMembers: 500,
    expectedStorageGb: decimal(500n),
    expectedRequestsPerDay: decimal(1_000_000n),
    dedicated: false,
  },
  planDedicatedCompute: false,
  region: {
    code: 'eu-1',
    hasSharedPool: true,
    isolatingCompliance: ['hipaa', 'pci-dss'],
    thresholds: { members: 500, storageGb: decimal(500n), requestsPerDay: decimal(1_000_000n) },
  },
};
const asking = (requirements: Partial<DeploymentTypeInput['requirements']>): DeploymentTypeInput => ({
  ...small,
  requirements: { ...small.requirements, ...requirements },
});

describe('determineDeploymentType', () => {
  it('keeps a tenant exactly at every threshold on the shared pool, and says so', () => {
    expect(determineDeploymentType(small)).toEqual({
      type: 'shared',
      reasons: ['nothing asks for a container of its own'],
    });
  });

  it.each([
    ['an isolating compliance tag', asking({ compliance: ['hipaa'] }), 'compliance hipaa needs isolation in eu-1'],
    ['one member above the threshold', asking({ expectedMembers: 501 }), 'more than 500 members are expected'],
    ['storage a fraction above', asking({ expectedStorageGb: decimal(5000001n, 4) }), 'the expected storage is above'],
    [
      'one request above',
      asking({ expectedRequestsPerDay: decimal(1_000_001n) }),
      'the expected requests per day are above',
    ],
    ['an explicit request', asking({ dedicated: true }), 'a container of its own was requested'],
    ['a plan with dedicated compute', { ...small, planDedicatedCompute: true }, 'the plan includes dedicated compute'],
    [
      'a region without a pool',
      { ...small, region: { ...small.region, hasSharedPool: false } },
      'eu-1 has no shared pool',
    ],
  ])('gives a container for %s', (_why, input, reason) => {
    const decision = determineDeploymentType(input);
    expect(decision.type).toBe('container_per_tenant');
    expect(decision.reasons).toEqual([expect.stringContaining(reason)]);
  });

  it('names every reason, not only the first', () => {
    const decision = determineDeploymentType(asking({ compliance: ['hipaa', 'pci-dss'], dedicated: true }));
    expect(decision.reasons).toHaveLength(3);
  });
});
