import type { LicenseClaims } from '@biplane/licensing';

/** What limits ask of the licenses that this home holds. */
export interface KeptLicenses {
  /** By which licenses are judged. */
  now(): Date;
  get(deploymentId: string): { readonly claims: LicenseClaims } | undefined;
  onChange(listener: (changed: readonly string[]) => void): void;
}
