import { parseDecimal, RefusalError, ZERO_DECIMAL, type Decimal, type FieldError } from '@biplane/kernel';
import {
  determineDeploymentType,
  type DeploymentRequirements,
  type DeploymentTypeDecision,
} from '../deployments/index.js';
import type { Region } from '../regions/index.js';
import { TenantErrors } from '../tenants/index.js';
import type { RequirementsBody } from './provisioning.dto.js';

export function decideType(
  requirements: DeploymentRequirements,
  region: Region,
  planDedicatedCompute: boolean,
): DeploymentTypeDecision {
  const { code, thresholds, isolatingCompliance, pools } = region;
  return determineDeploymentType({
    requirements,
    planDedicatedCompute,
    region: { code, thresholds, isolatingCompliance, hasSharedPool: pools.length > 0 },
  });
}

export function readRequirements(body: RequirementsBody, region: Region): DeploymentRequirements {
  const residency = body.residency ?? null;
  if (residency !== null && residency !== region.residency) {
    const detail = `${region.code} keeps data in "${region.residency}", not in "${residency}"`;
    throw new RefusalError(TenantErrors.RESIDENCY_MISMATCH({ detail }));
  }
  const errors: FieldError[] = [];
  const quantity = (member: 'expectedStorageGb' | 'expectedRequestsPerDay'): Decimal => {
    const parsed = parseDecimal(body[member] ?? '0');
    if (parsed.ok) return parsed.value;
    errors.push({ pointer: `/requirements/${member}`, code: parsed.error.code, detail: parsed.error.detail });
    return ZERO_DECIMAL;
  };
  const requirements = {
    compliance: body.compliance ?? [],
    residency,
    expectedMembers: body.expectedMembers ?? 0,
    expectedStorageGb: quantity('expectedStorageGb'),
    expectedRequestsPerDay: quantity('expectedRequestsPerDay'),
    dedicated: body.dedicated ?? false,
  };
  if (errors.length === 0) return requirements;
  throw new RefusalError(
    TenantErrors.REQUIREMENTS_INVALID({ detail: errors.map(({ detail }) => detail).join('; '), errors }),
  );
}
