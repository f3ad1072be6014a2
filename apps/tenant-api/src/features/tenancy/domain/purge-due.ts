import type { LicenseClaims } from '@biplane/licensing';

/**
 * Whether what a deployment stored is to be removed: it is revoked, and its last day is over. `now` is the time by which licenses are
 * judged, which no clock that is set back or forward moves past what was issued.
 */
export function isPurgeDue({ status, purgeAfter }: Pick<LicenseClaims, 'status' | 'purgeAfter'>, now: Date): boolean {
  return status === 'revoked' && purgeAfter !== undefined && now.getTime() >= Date.parse(purgeAfter);
}
