import type { Decision, LicenseClaims } from '@biplane/licensing';

/** What limits ask of the licenses that this home holds. */
export interface KeptLicenses {
  /** By which licenses are judged. */
  now(): Date;
  /** What the license of a deployment says to an action, apart from any count. */
  decide(deploymentId: string, action: string): Decision;
  get(deploymentId: string): { readonly claims: LicenseClaims } | undefined;
  onChange(listener: (changed: readonly string[]) => void): void;
}
