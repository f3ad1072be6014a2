import type { LicenseClaims } from '@biplane/licensing';

/** What counting asks of the licenses that this home holds: which meters there are, and since when. */
export interface MeteredLicenses {
  ownLicenseOf(deploymentId: string): LicenseClaims | undefined;
  ownLicenses(): LicenseClaims[];
  onChange(listener: () => void): void;
}
