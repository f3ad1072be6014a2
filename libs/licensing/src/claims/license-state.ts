import type { LicenseClaims } from './claims.js';

export type LicenseState = 'not_started' | 'active' | 'notice' | 'grace' | 'expired' | 'suspended' | 'revoked';

/** The dates of a license as epoch milliseconds. */
interface Boundaries {
  readonly startsMs: number;
  readonly noticeMs: number;
  readonly termEndsMs: number;
  readonly expiresMs: number;
}

// A document never changes, and reading its dates costs twice the rest of a decision: each is read once.
const boundariesOf = new WeakMap<LicenseClaims, Boundaries>();

/**
 * Where a license stands at an instant. Every boundary belongs to the later state: at `exp` itself the license is expired, at
 * `termEndsAt` itself it is in its grace. A revoked or suspended license is that first of all, whatever its dates say.
 */
export function licenseState(claims: LicenseClaims, now: Date): LicenseState {
  if (claims.status !== 'active') return claims.status;
  const at = now.getTime();
  const { startsMs, noticeMs, termEndsMs, expiresMs } = boundaries(claims);
  if (at >= expiresMs) return 'expired';
  if (at < startsMs) return 'not_started';
  if (at >= termEndsMs) return 'grace';
  if (at >= noticeMs) return 'notice';
  return 'active';
}

function boundaries(claims: LicenseClaims): Boundaries {
  const known = boundariesOf.get(claims);
  if (known) return known;
  const read = {
    startsMs: Date.parse(claims.startsAt),
    noticeMs: Date.parse(claims.noticeAt),
    termEndsMs: Date.parse(claims.termEndsAt),
    expiresMs: Math.min(claims.exp * 1000, Date.parse(claims.graceEndsAt)),
  };
  boundariesOf.set(claims, read);
  return read;
}
