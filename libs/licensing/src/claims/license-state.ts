import type { LicenseClaims } from './claims.js';

export type LicenseState = 'not_started' | 'active' | 'notice' | 'grace' | 'expired' | 'suspended' | 'revoked';

/**
 * Where a license stands at an instant. Every boundary belongs to the later state: at `exp` itself the license is expired, at
 * `termEndsAt` itself it is in its grace. A revoked or suspended license is that first of all, whatever its dates say.
 */
export function licenseState(claims: LicenseClaims, now: Date): LicenseState {
  if (claims.status !== 'active') return claims.status;
  const at = now.getTime();
  if (at >= claims.exp * 1000 || at >= Date.parse(claims.graceEndsAt)) return 'expired';
  if (at < Date.parse(claims.startsAt)) return 'not_started';
  if (at >= Date.parse(claims.termEndsAt)) return 'grace';
  if (at >= Date.parse(claims.noticeAt)) return 'notice';
  return 'active';
}
