import type { Operation } from './operations.store.js';
import type { OperationDto } from './provisioning.responses.js';

export function operationJson({
  id,
  kind,
  tenantId,
  deploymentId,
  state,
  reason,
  steps,
  createdAt,
  endedAt,
  deadlineAt,
}: Operation): OperationDto {
  return { id, kind, tenantId, deploymentId, state, reason, steps, createdAt, endedAt, nextActionAt: deadlineAt };
}
