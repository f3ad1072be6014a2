import { tenantDatabaseName } from '@biplane/licensing';

export interface JudgedDeployment {
  readonly id: string;
  readonly region: string;
  readonly placements: readonly { readonly homeId: string; readonly epoch: number }[];
}

export type ReportFault =
  | 'KEY_MISMATCH'
  | 'DEPLOYMENT_UNKNOWN'
  | 'REGION_MISMATCH'
  | 'HOME_NOT_PLACED'
  | 'VERSION_NEVER_ISSUED'
  | 'DATABASE_NAME';

/**
 * Whether a home may say this of a deployment: every mention of who speaks of what has to agree with the placement that
 * core-api itself decided. Null when it may.
 */
export function reportFault(
  report: {
    readonly deploymentId: string;
    readonly homeId: string;
    readonly epoch: number;
    readonly licenseVersion: number;
    readonly databaseName: string;
  },
  context: {
    readonly key: string | null;
    readonly topicRegion: string;
    readonly deployment: JudgedDeployment | null;
    readonly issuedVersion: number;
  },
): ReportFault | null {
  const { deployment } = context;
  if (context.key !== report.deploymentId) return 'KEY_MISMATCH';
  if (deployment === null) return 'DEPLOYMENT_UNKNOWN';
  if (deployment.region !== context.topicRegion) return 'REGION_MISMATCH';
  const isPlaced = deployment.placements.some(
    ({ homeId, epoch }) => homeId === report.homeId && epoch === report.epoch,
  );
  if (!isPlaced) return 'HOME_NOT_PLACED';
  if (report.licenseVersion > context.issuedVersion) return 'VERSION_NEVER_ISSUED';
  return report.databaseName === tenantDatabaseName(deployment.id) ? null : 'DATABASE_NAME';
}
