import { isUuid } from '@biplane/kernel';

/** What a job of the queue says: a hint that there may be work. Everything else is in the database. */
export interface BillingJob {
  readonly deploymentId: string;
  /** Of the placement under which it was queued. */
  readonly epoch: number;
}

/** Null for anything else: a queue is no authority. */
export function readJob(data: unknown): BillingJob | null {
  if (typeof data !== 'object' || data === null) return null;
  const { deploymentId, epoch } = data as Record<string, unknown>;
  if (typeof deploymentId !== 'string' || !isUuid(deploymentId)) return null;
  return Number.isSafeInteger(epoch) && (epoch as number) >= 1 ? { deploymentId, epoch: epoch as number } : null;
}
