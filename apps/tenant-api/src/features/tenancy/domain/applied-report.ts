import { canonicalJson } from '@biplane/kernel';
import type { LicenseClaims } from '@biplane/licensing';

export type DatabaseState = 'pending' | 'creating' | 'migrating' | 'ready' | 'failed' | 'dropped';

/** What the registry holds of a database, as far as it is told to core-api. */
export interface ReportedDatabase {
  readonly state: DatabaseState;
  readonly name: string;
  readonly schemaVersion: string | null;
  readonly reason: string | null;
  readonly adminBootstrapped: boolean;
}

export interface AppliedReport {
  readonly deploymentId: string;
  readonly homeId: string;
  readonly epoch: number;
  readonly licenseVersion: number;
  readonly licenseJti: string;
  readonly database: {
    readonly state: DatabaseState;
    readonly name: string;
    readonly schemaVersion: string | null;
    readonly reason?: string;
  };
  readonly adminBootstrapped: boolean;
}

/** `LicenseApplied` without its instant. */
export function appliedReport(license: LicenseClaims, database: ReportedDatabase): AppliedReport {
  const { state, name, schemaVersion, reason, adminBootstrapped } = database;
  return {
    deploymentId: license.deployment.id,
    homeId: license.placement.homeId,
    epoch: license.placement.epoch,
    licenseVersion: license.version,
    licenseJti: license.jti,
    database: { state, name, schemaVersion, ...(reason !== null && { reason }) },
    adminBootstrapped,
  };
}

/** Two reports of the same text say the same: the second is not sent. */
export const reportText = (report: AppliedReport): string => canonicalJson(report);
