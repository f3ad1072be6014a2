import type { LicenseClaims } from '@biplane/licensing';

/** What counting asks of the licenses that this home holds: which meters there are, and since when. */
export interface MeteredLicenses {
  ownLicenseOf(deploymentId: string): LicenseClaims | undefined;
  /** Wherever it places the deployment; whoever knows no others leaves it out. */
  licenseOf?(deploymentId: string): LicenseClaims | undefined;
  /** False: what is unknown may be known in a moment. Whoever leaves it out holds all there are. */
  holdsAll?(): boolean;
  ownLicenses(): LicenseClaims[];
  onChange(listener: () => void): void;
}
