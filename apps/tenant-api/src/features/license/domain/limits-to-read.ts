import type { LicenseClaims, LicensedLimit } from '@biplane/licensing';

/** Limits of the asked meter in the asked module. None: the decision needs no counter and no database. */
export function limitsOf(license: LicenseClaims, action: string, meter: string | undefined): readonly LicensedLimit[] {
  if (meter === undefined) return [];
  const module = action.split(':')[0] ?? '';
  const licensed = Object.hasOwn(license.modules, module) ? license.modules[module] : undefined;
  return (licensed?.limits ?? []).filter((limit) => limit.meter === meter);
}

/** Those whose count this home keeps. The others are core-api's to count: without a known total their strategy decides. */
export function countedHere(limits: readonly LicensedLimit[]): readonly LicensedLimit[] {
  return limits.filter(({ authority, strategy }) => authority === 'data' && strategy !== 'allow');
}
