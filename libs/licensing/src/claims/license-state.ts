import type { LicenseClaims, LicenseStatus } from './claims.js';

export type LicenseState = 'not_started' | 'active' | 'notice' | 'grace' | 'expired' | 'suspended' | 'revoked';

/** The dates of a license as epoch milliseconds. */
export interface LicenseBoundaries {
  readonly startsMs: number;
  readonly noticeMs: number;
  readonly termEndsMs: number;
  /** `exp` or the end of the grace, whichever comes first. */
  readonly expiresMs: number;
}

/**
 * Where a license stands at an instant. Every boundary belongs to the later state: at `exp` itself the license is expired, at
 * `termEndsAt` itself it is in its grace. A revoked or suspended license is that first of all, whatever its dates say.
 */
export function licenseState(claims: LicenseClaims, now: Date): LicenseState {
  return stateAt(claims.status, licenseBoundaries(claims), now.getTime());
}

/** The same of a license whose dates were read before. An instant that is no number is past every license. */
export function stateAt(status: LicenseStatus, boundaries: LicenseBoundaries, atMs: number): LicenseState {
  if (status !== 'active') return status;
  const { startsMs, noticeMs, termEndsMs, expiresMs } = boundaries;
  if (!(atMs < expiresMs)) return 'expired';
  if (atMs < startsMs) return 'not_started';
  if (atMs >= termEndsMs) return 'grace';
  if (atMs >= noticeMs) return 'notice';
  return 'active';
}

export function licenseBoundaries(claims: LicenseClaims): LicenseBoundaries {
  return {
    startsMs: Date.parse(claims.startsAt),
    noticeMs: Date.parse(claims.noticeAt),
    termEndsMs: Date.parse(claims.termEndsAt),
    expiresMs: Math.min(claims.exp * 1000, Date.parse(claims.graceEndsAt)),
  };
}
