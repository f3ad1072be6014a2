import { decide, licenseState, type LicenseClaims, type LicensedLimit, type LicenseState } from '@biplane/licensing';

export interface EntitledFeature {
  /** `module:feature`, as the gate is asked for it. */
  readonly key: string;
  readonly feature: string;
  readonly isAllowed: boolean;
  readonly code: string | null;
  readonly reason: string;
}

export interface EntitledModule {
  readonly module: string;
  readonly features: readonly EntitledFeature[];
  readonly limits: readonly Pick<LicensedLimit, 'meter' | 'window' | 'cap' | 'strategy'>[];
}

export interface Entitlements {
  readonly state: LicenseState;
  readonly modules: readonly EntitledModule[];
  readonly featureFlags: readonly { readonly flag: string; readonly enabled: boolean }[];
}

/** What a license grants, in the order of the alphabet, each feature with what the gate would say to it now. Counts no use. */
export function entitlementsOf(license: LicenseClaims, now: Date): Entitlements {
  const deploymentId = license.deployment.id;
  const featureOf = (module: string, feature: string): EntitledFeature => {
    const key = `${module}:${feature}`;
    const { isAllowed, code, reason } = decide({ license, deploymentId, now, action: key });
    return { key, feature, isAllowed, code, reason };
  };
  return {
    state: licenseState(license, now),
    modules: sorted(license.modules).map(([module, { features, limits }]) => ({
      module,
      features: [...features].sort().map((feature) => featureOf(module, feature)),
      limits: limits.map(({ meter, window, cap, strategy }) => ({ meter, window, cap, strategy })),
    })),
    featureFlags: sorted(license.featureFlags).map(([flag, enabled]) => ({ flag, enabled })),
  };
}

const sorted = <T>(members: Readonly<Record<string, T>>): [string, T][] =>
  Object.entries(members).sort(([a], [b]) => (a < b ? -1 : 1));
