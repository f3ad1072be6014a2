import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '@biplane/kernel';
import { tenantDatabaseName } from '@biplane/licensing';
import { CLOCK, UnitOfWork } from '@biplane/service-kit';
import { BuildFailedError, TenantServer, wasReady, type Session, type TenantPasswords } from '../tenancy/index.js';
import { enrolledHomesOf, recordTenantMade } from './enrolled-home.store.js';

export interface GivenDatabaseRequest {
  readonly deploymentId: string;
  readonly homeId: string;
  readonly passwords: TenantPasswords;
  /** It was there before: a missing one is lost data and no reason for an empty one. */
  readonly mustExist: boolean;
}

export interface MadeDatabase {
  readonly name: string;
  readonly markHomeId: string;
  readonly ownerUrl: string;
  readonly runtimeUrl: string;
}

/** The tenant databases that this pool makes for other homes: the door and its logins. What is behind the door is theirs to make. */
@Injectable()
export class GivenDatabases {
  constructor(
    @Inject(TenantServer) private readonly server: TenantServer,
    @Inject(UnitOfWork) private readonly unitOfWork: UnitOfWork,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Whether the deployment's database stood once, here or for any home. */
  async wasMade(deploymentId: string): Promise<boolean> {
    if (await wasReady(this.unitOfWork.reader, deploymentId)) return true;
    const homes = await enrolledHomesOf(this.unitOfWork.reader, deploymentId);
    return homes.some(({ tenantMadeAt }) => tenantMadeAt !== null);
  }

  /** `session` holds the lock of the deployment. */
  async make(
    session: Session,
    { deploymentId, homeId, passwords, mustExist }: GivenDatabaseRequest,
  ): Promise<MadeDatabase> {
    const before = await this.server.observeDoor(session, deploymentId, passwords.epoch);
    if (before.database === 'foreign') throw new BuildFailedError('DATABASE_FOREIGN');
    if (before.database === 'absent') {
      if (mustExist) throw new BuildFailedError('DATABASE_MISSING');
      await this.server.createDatabase(session, deploymentId);
    }
    const created = await this.server.observeDoor(session, deploymentId, passwords.epoch);
    if (created.database === 'foreign') throw new BuildFailedError('DATABASE_FOREIGN');
    // Each time: a password that was changed on the server is set right, and so is a door that was left half open.
    await this.server.createRoles(session, deploymentId, passwords);
    await this.unitOfWork.run((tx) => recordTenantMade(tx, homeId, this.clock.now()));
    return {
      name: tenantDatabaseName(deploymentId),
      markHomeId: this.server.markHomeId,
      ownerUrl: this.server.ownerUrl(deploymentId, passwords),
      runtimeUrl: this.server.runtimeUrl(deploymentId, passwords),
    };
  }
}
