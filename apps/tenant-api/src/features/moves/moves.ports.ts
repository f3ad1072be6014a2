import type { FieldCipher } from '@biplane/service-kit';

/** Of a region's pool: what it may do to the other homes of its region. A dedicated home has none of it. */
export interface MovingRegion {
  /** Undefined until that home has enrolled. */
  accessTo(homeId: string): Promise<{ readonly homeDatabaseUrl: string } | undefined>;
  /** What that home seals and opens fields with; undefined of a home that was never enrolled here. */
  cipherOf(homeId: string): Promise<FieldCipher | undefined>;
  /** No process reaches the deployment's database as a role of this epoch any more. */
  fence(deploymentId: string, epoch: number): Promise<void>;
  /** The homes of the deployment whose databases stand. */
  standing(deploymentId: string): Promise<string[]>;
  /** Home database, roles and keys go; never the tenant's database. */
  dropHome(homeId: string): Promise<boolean>;
}
export const MOVING_REGION = Symbol('MOVING_REGION');

/** Whoever keeps something of a deployment beside the databases, as queues do, stops and lets go of it here. */
export interface MoveListener {
  /** Nothing is begun for it any more; what runs is finished when this resolves. */
  drain(deploymentId: string): Promise<void>;
  /** Another home has it: what is left here goes. */
  letGo(deploymentId: string): Promise<void>;
}
