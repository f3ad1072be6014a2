import type { LicenseClaims, LicensedLimit } from '../claims/claims.js';
import { compiledActions } from '../decision/compiled-license.js';

const NONE: readonly LicensedLimit[] = [];

/** Limits of the asked meter in the asked module: by window at most one each. None: the decision needs no counter and no database. */
export function limitsOf(license: LicenseClaims, action: string, meter: string | undefined): readonly LicensedLimit[] {
  if (meter === undefined) return NONE;
  const limits = compiledActions(license.modules).get(action);
  if (limits) return limits.get(meter)?.limits ?? NONE;
  // The module may be licensed all the same, without this feature.
  const module = action.split(':')[0] ?? '';
  const licensed = Object.hasOwn(license.modules, module) ? license.modules[module] : undefined;
  return licensed?.limits.filter((limit) => limit.meter === meter) ?? NONE;
}
