import { Inject, Injectable } from '@nestjs/common';
import { RefusalError, type Clock } from '@biplane/kernel';
import { CLOCK, faultPoint, UnitOfWork, type FieldCipher, type Tx } from '@biplane/service-kit';
import { recordFence, RegionServer, TenantHandles, type Session } from '../tenancy/index.js';
import { redisPrefix } from '../../redis-prefix.js';
import {
  enrolledHomesOf,
  findEnrolled,
  recordHomeDropped,
  recordHomeDropping,
  recordHomeIntent,
  statesOfHomes,
} from './enrolled-home.store.js';
import { EnrollmentErrors } from './enrollment.errors.js';
import { HomeSecrets } from './home-secrets.js';
import { RedisHomes } from './redis-homes.js';

export interface HomeAccess {
  readonly homeId: string;
  readonly deploymentId: string;
  readonly epoch: number | null;
  /** Home database, as the role that owns its tables. */
  readonly homeMigrationDatabaseUrl: string;
  /** The same, as its runtime role. */
  readonly homeDatabaseUrl: string;
}

const LOCK_WAIT_MS = 60_000;

/** What a region's pool may do to the dedicated homes of its region: come in, lock out, drop. For the move and for retirement. */
@Injectable()
export class RegionHomes {
  constructor(
    @Inject(RegionServer) private readonly server: RegionServer,
    @Inject(TenantHandles) private readonly handles: TenantHandles,
    @Inject(HomeSecrets) private readonly secrets: HomeSecrets,
    @Inject(RedisHomes) private readonly redis: RedisHomes,
    @Inject(UnitOfWork) private readonly unitOfWork: UnitOfWork,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Undefined for a home that never enrolled here, or was dropped. */
  async accessTo(homeId: string): Promise<HomeAccess | undefined> {
    const row = await findEnrolled(this.unitOfWork.reader, homeId);
    if (!row || row.state === 'dropped') return undefined;
    const { deploymentId, epoch } = row;
    const { homeDatabaseUrl, homeMigrationDatabaseUrl } = this.server.homeUrls(homeId, this.secrets.open(row));
    return { homeId, deploymentId, epoch, homeDatabaseUrl, homeMigrationDatabaseUrl };
  }

  /** Of a home that was dropped too: what it sealed in the deployment's database stays. */
  async cipherOf(homeId: string): Promise<FieldCipher | undefined> {
    const row = await findEnrolled(this.unitOfWork.reader, homeId);
    return row && this.secrets.cipherOf(row);
  }

  /** Under the lock of everything that builds, moves and drops the database of this deployment. */
  async locked<T>(deploymentId: string, work: (session: Session) => Promise<T>): Promise<T> {
    const done = await this.server.locked(deploymentId, LOCK_WAIT_MS, work);
    if (done) return done.value;
    const detail = 'Another process works on the database of this deployment';
    throw new RefusalError(EnrollmentErrors.UNAVAILABLE({ detail, retryAfterSeconds: 5 }));
  }

  /**
   * E16: no process reaches the deployment's database as a role of this epoch any more, one that was stopped before included. Stands in a
   * row first: a pool that still holds the license of that epoch makes the door no more. May be repeated.
   */
  async fence(deploymentId: string, epoch: number): Promise<void> {
    await this.unitOfWork.run((tx) => recordFence(tx, { deploymentId, epoch, at: this.clock.now() }));
    faultPoint('fence.after_row');
    await this.locked(deploymentId, (session) => this.server.fenceLogins(session, deploymentId, epoch));
    await this.handles.close(deploymentId);
  }

  /** Home database, roles, Redis user and keys of a home that is wanted no more; never the tenant's database. True for the one that did it. */
  async dropHome(homeId: string): Promise<boolean> {
    const row = await findEnrolled(this.unitOfWork.reader, homeId);
    if (!row || row.state === 'dropped') return false;
    return this.locked(row.deploymentId, async (session) => {
      await this.unitOfWork.run((tx) => recordHomeDropping(tx, homeId));
      await this.remove(session, homeId);
      return this.unitOfWork.run((tx) => recordHomeDropped(tx, homeId, this.clock.now()));
    });
  }

  /** The homes of a deployment whose databases stand, or may stand. */
  async standing(deploymentId: string): Promise<string[]> {
    const rows = await enrolledHomesOf(this.unitOfWork.reader, deploymentId);
    return rows.filter(({ state }) => state !== 'dropped').map(({ homeId }) => homeId);
  }

  /** All that ever enrolled here, and whether they were dropped. */
  async known(): Promise<{ homeId: string; isDropped: boolean }[]> {
    const rows = await statesOfHomes(this.unitOfWork.reader);
    return rows.map(({ homeId, state }) => ({ homeId, isDropped: state === 'dropped' }));
  }

  async isDropped(homeId: string): Promise<boolean> {
    return (await findEnrolled(this.unitOfWork.reader, homeId))?.state === 'dropped';
  }

  /** That it will be dropped; also of a home that never enrolled, so that its end can be told once. */
  async intendDrop(tx: Tx, home: { homeId: string; deploymentId: string; tenantId: string }): Promise<void> {
    if (!(await findEnrolled(tx, home.homeId))) {
      await recordHomeIntent(tx, { ...home, ...this.secrets.create(home.homeId), at: this.clock.now() });
    }
    await recordHomeDropping(tx, home.homeId);
  }

  /** True for the one that recorded it: that one tells core-api. */
  recordDropped(tx: Tx, homeId: string): Promise<boolean> {
    return recordHomeDropped(tx, homeId, this.clock.now());
  }

  /** A home that is to be dropped says nothing more. */
  async silence(session: Session, homeId: string): Promise<void> {
    await this.server.silenceHome(session, homeId);
  }

  /** What stands on the region's servers for it. `session` holds the lock of the deployment. */
  async remove(session: Session, homeId: string): Promise<void> {
    await this.server.dropHome(session, homeId);
    faultPoint('purge.after_home_database');
    await this.redis.dropUser(homeId);
    await this.redis.dropKeys(redisPrefix(homeId));
    faultPoint('purge.after_redis');
  }
}
