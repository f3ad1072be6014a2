import { RefusalError } from '@biplane/kernel';
import type { LicenseClaims } from '@biplane/licensing';
import { PlacementErrors } from './placement.errors.js';

/** A move pauses writes for some seconds. */
const RETRY_SECONDS = 2;
const HELD = 'biplane: the deployment is held for a move';

/** Before something of the deployment is written; reads go on. */
export function refuseDraining(license: LicenseClaims | undefined): void {
  if (license?.placement.phase === 'draining') throw draining(license.deployment.id);
}

export function draining(deploymentId?: string): RefusalError {
  const which = deploymentId === undefined ? 'A deployment of this request' : `Deployment ${deploymentId}`;
  const detail = `${which} is being moved: nothing of the request was taken`;
  return new RefusalError(PlacementErrors.DRAINING({ detail, retryAfterSeconds: RETRY_SECONDS }));
}

/** Refused because the deployment is being moved. */
export function isDraining(error: unknown): boolean {
  return error instanceof RefusalError && error.failure.code === 'PLACEMENT.DRAINING';
}

export function moved(licenses: readonly LicenseClaims[]): RefusalError {
  const where = licenses.map(({ deployment, placement }) => ({ deploymentId: deployment.id, url: placement.url }));
  const detail = `${where.map(({ deploymentId, url }) => `${deploymentId} is served at ${url}`).join('; ')}`;
  const urls = new Set(where.map(({ url }) => url));
  const [url] = urls;
  return new RefusalError(
    PlacementErrors.MOVED({ detail, members: { moved: where, ...(urls.size === 1 && { url }) } }),
  );
}

/** The database refused it, whatever license this process still goes by. */
export function isHeld(error: unknown): boolean {
  for (let item = error, looked = 0; item instanceof Error && looked < 10; item = item.cause, looked += 1) {
    if (item.message.includes(HELD)) return true;
    const { meta } = item as { meta?: unknown };
    if (meta !== undefined && JSON.stringify(meta, visible).includes(HELD)) return true;
  }
  return false;
}

const visible = (_: string, value: unknown): unknown =>
  value instanceof Error ? { message: value.message, cause: value.cause } : value;
