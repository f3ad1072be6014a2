import type { Operation } from './operation.js';
import type { OperationDto } from './operations.responses.js';

export function operationJson(operation: Operation): OperationDto {
  const { id, kind, tenantId, deploymentId, state, reason, steps, createdAt, endedAt, deadlineAt } = operation;
  const nextActionAt = earlier(operation.nextActionAt, deadlineAt);
  return { id, kind, tenantId, deploymentId, state, reason, steps, createdAt, endedAt, nextActionAt };
}

function earlier(a: Date | null, b: Date | null): Date | null {
  if (a === null || b === null) return a ?? b;
  return a < b ? a : b;
}
