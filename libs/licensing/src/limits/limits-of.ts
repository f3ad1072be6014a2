import type { LicenseClaims, LicensedLimit } from '../claims/claims.js';

const NONE: readonly LicensedLimit[] = [];

/** Limits of the asked meter in the asked module: by window at most one each. None: the decision needs no counter and no database. */
export function limitsOf(license: LicenseClaims, action: string, meter: string | undefined): readonly LicensedLimit[] {
  if (meter === undefined) return NONE;
  const colon = action.indexOf(':');
  const module = colon < 0 ? action : action.slice(0, colon);
  const licensed = Object.hasOwn(license.modules, module) ? license.modules[module] : undefined;
  if (!licensed) return NONE;
  const limits = licensed.limits.filter((limit) => limit.meter === meter);
  return limits.length > 0 ? limits : NONE;
}
