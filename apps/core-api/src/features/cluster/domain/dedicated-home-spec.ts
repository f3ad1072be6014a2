import type { DeploymentId, HomeId, RegionCode, TenantId } from '@biplane/kernel';

/** Everything of one dedicated home that its objects are made from, besides the settings of its region. */
export interface DedicatedHomeSpec {
  /** Which installation of Biplane owns the objects: several may share a cluster. */
  readonly platform: string;
  readonly tenantId: TenantId;
  readonly deploymentId: DeploymentId;
  readonly homeId: HomeId;
  readonly region: RegionCode;
  /** Generation of the placement: 1, and one more with each move. */
  readonly epoch: number;
  readonly tenantSlug: string;
  readonly deploymentSlug: string;
  /** DNS name under which the home is served. */
  readonly host: string;
  readonly enrollmentToken: string;
  /** Codes of the modules of the license, for the backfill. */
  readonly modules: readonly string[];
  readonly suspendedAt: Date | null;
  /** 0 when it is stopped. */
  readonly replicas: number;
}
