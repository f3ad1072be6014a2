import { Injectable } from '@nestjs/common';
import { querySql, type Tx } from '@biplane/service-kit';
import { presentPlacement, type Deployment } from '../deployments/index.js';
import { AppliedStore } from './applied.store.js';
import { LicensesStore, type LicenseRow } from './licenses.store.js';

/** What the present license of a deployment says, once its home has reported one that says the same. */
export interface EnforcedLicense {
  readonly status: string;
  /** When the first license of this status was signed behind the last of another. */
  readonly statusSince: Date;
  readonly modules: readonly string[];
}

/** What homes reported to enforce, for who fills gaps of history with it. */
@Injectable()
export class EnforcedLicenses {
  constructor(
    private readonly store: LicensesStore,
    private readonly applied: AppliedStore,
  ) {}

  /** Null unless the home where it is placed now has reported a license that says the same as the present one. */
  async of(tx: Tx, deployment: Deployment): Promise<EnforcedLicense | null> {
    const { homeId } = presentPlacement(deployment);
    const head = await this.store.head(tx, deployment.id);
    const reports = await this.applied.ofDeployment(tx, deployment.id);
    const report = reports.find((each) => each.homeId === homeId);
    const reported = report && (await this.store.version(tx, deployment.id, report.licenseVersion));
    const license = head && (await this.store.version(tx, deployment.id, head.version));
    if (!reported || !license || saidBy(reported) !== saidBy(license)) return null;
    const statusSince = await this.since(tx, deployment.id, 'status <> $2', license.status);
    return { status: license.status, statusSince: statusSince ?? license.issuedAt, modules: modulesOf(license) };
  }

  /** Since which signing the licenses have not named the module; null while one does, or none was ever signed. */
  withoutSince(tx: Tx, deploymentId: string, module: string): Promise<Date | null> {
    return this.since(tx, deploymentId, `jsonb_exists(claims->'modules', $2)`, module);
  }

  /** The first signing behind the last license of which `other` is true. `other` is code, never input. */
  private async since(tx: Tx, deploymentId: string, other: string, value: string): Promise<Date | null> {
    const sql = `SELECT min(issued_at) AS at FROM license WHERE deployment_id = $1::uuid AND version >
      coalesce((SELECT max(version) FROM license WHERE deployment_id = $1::uuid AND ${other}), 0)`;
    return (await querySql<{ at: Date | null }>(tx, sql, [deploymentId, value]))[0]?.at ?? null;
  }
}

function modulesOf({ claims }: LicenseRow): string[] {
  return Object.keys(claims.modules).sort();
}

/** A license is signed again each day and says the same. */
function saidBy(license: LicenseRow): string {
  return [license.status, ...modulesOf(license)].join(' ');
}
