import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import type { LicenseClaims } from '@biplane/licensing';
import { faultPoint, JobRunner, UnitOfWork, type Tx } from '@biplane/service-kit';
import { redisPrefix } from '../../redis-prefix.js';
import { RedisHomes, RegionHomes } from '../enrollment/index.js';
import { HOME, storedVersion, TenantLicenseService, type HomeIdentity } from '../license/index.js';
import { isPurgeDue, RegionServer, RetiredDatabases, type Session } from '../tenancy/index.js';
import { PURGED_ROWS, type PurgedRows } from './purge.ports.js';

const EVERY_MS = 5_000;
const LOCK_WAIT_MS = 1_000;

/**
 * Removes what a retired deployment stored, once its last day is over: its database with the roles of every epoch, the homes that it had
 * to itself, its keys in Redis, its rows here. Every replica of a region's pool looks; one does it, and finishes what a crash left.
 */
@Injectable()
export class PurgeService implements OnModuleInit {
  private readonly logger = new Logger('Purge');
  /** Version of the license under which nothing was left to do: most are looked at once. */
  private readonly done = new Map<string, number>();

  constructor(
    @Inject(HOME) private readonly home: HomeIdentity,
    @Inject(TenantLicenseService) private readonly licenses: TenantLicenseService,
    @Inject(RegionServer) private readonly server: RegionServer,
    @Inject(RegionHomes) private readonly homes: RegionHomes,
    @Inject(RedisHomes) private readonly redis: RedisHomes,
    @Inject(RetiredDatabases) private readonly retired: RetiredDatabases,
    @Inject(PURGED_ROWS) private readonly rows: PurgedRows,
    @Inject(UnitOfWork) private readonly unitOfWork: UnitOfWork,
    @Inject(JobRunner) private readonly jobs: JobRunner,
  ) {}

  onModuleInit(): void {
    this.jobs.register({ name: 'purge', everyMs: EVERY_MS, run: () => this.purgeDue() });
  }

  /** One that fails stops no other: it is tried again with the next look. */
  async purgeDue(): Promise<void> {
    const now = this.licenses.now();
    for (const license of this.licenses.allLicenses()) {
      const deploymentId = license.deployment.id;
      if (!isPurgeDue(license, now) || this.done.get(deploymentId) === license.version) continue;
      try {
        if (await this.purge(deploymentId)) this.done.set(deploymentId, license.version);
      } catch (error) {
        this.logger.error({ err: error, deploymentId }, 'a retired deployment was not removed');
      }
    }
  }

  /** True when nothing is left of it. */
  async purge(deploymentId: string): Promise<boolean> {
    const license = this.licenses.licenseOf(deploymentId);
    if (license && (await this.isGone(license))) return true;
    const done = await this.server.locked(deploymentId, LOCK_WAIT_MS, (session) =>
      this.purgeLocked(session, deploymentId),
    );
    return done?.value ?? false;
  }

  private async purgeLocked(session: Session, deploymentId: string): Promise<boolean> {
    const license = await this.dueLicense(deploymentId);
    if (!license) return false;
    if (await this.isGone(license)) return true;
    await this.unitOfWork.run((tx) => this.intend(tx, license));
    faultPoint('purge.after_intent');
    await this.retired.closeHandles(deploymentId);
    const homes = await this.homes.standing(deploymentId);
    // Asked once more: behind this line nothing comes back.
    if (!(await this.dueLicense(deploymentId))) return false;
    // Its homes first: one that found its database gone would report that as a loss.
    for (const homeId of homes) await this.homes.silence(session, homeId);
    faultPoint('purge.after_silence');
    await this.server.dropTenant(session, deploymentId);
    for (const homeId of homes) await this.homes.remove(session, homeId);
    await this.redis.dropKeys(`${redisPrefix(this.home.homeId)}${deploymentId.replaceAll('-', '')}:`);
    faultPoint('purge.before_record');
    await this.unitOfWork.run((tx) => this.record(tx, license, homes));
    this.logger.log({ deploymentId }, 'a retired deployment was removed');
    return true;
  }

  /** By what this replica holds and by what another may have stored meanwhile: never under a license that is not the newest. */
  private async dueLicense(deploymentId: string): Promise<LicenseClaims | undefined> {
    const license = this.licenses.licenseOf(deploymentId);
    if (!license || !isPurgeDue(license, this.licenses.now())) return undefined;
    const newest = await storedVersion(this.unitOfWork.reader, deploymentId);
    return newest > license.version ? undefined : license;
  }

  private async isGone(license: LicenseClaims): Promise<boolean> {
    const deploymentId = license.deployment.id;
    if ((await this.homes.standing(deploymentId)).length > 0) return false;
    return this.isHere(license)
      ? this.retired.isDropped(this.unitOfWork.reader, deploymentId)
      : this.homes.isDropped(license.placement.homeId);
  }

  /** First of all, so that whatever a crash leaves has rows that say what was begun. */
  private async intend(tx: Tx, license: LicenseClaims): Promise<void> {
    const { deployment, placement, sub: tenantId } = license;
    const deploymentId = deployment.id;
    if (this.isHere(license) || (await this.retired.isKnown(tx, deploymentId))) await this.retired.intend(tx, license);
    if (!this.isHere(license)) await this.homes.intendDrop(tx, { homeId: placement.homeId, deploymentId, tenantId });
  }

  /** Rows and report in one transaction: whoever changes the row tells core-api, once. */
  private async record(tx: Tx, license: LicenseClaims, homes: readonly string[]): Promise<void> {
    const deploymentId = license.deployment.id;
    if (await this.retired.isKnown(tx, deploymentId)) await this.retired.dropped(tx, deploymentId);
    await this.rows.forget(tx, deploymentId);
    let wasOurs = false;
    for (const homeId of homes) {
      const isMine = await this.homes.recordDropped(tx, homeId);
      wasOurs ||= isMine && homeId === license.placement.homeId;
    }
    if (this.isHere(license)) await this.retired.report(tx, license);
    else if (wasOurs) await this.retired.reportFor(tx, license);
  }

  private isHere({ placement }: LicenseClaims): boolean {
    return placement.homeId === this.home.homeId;
  }
}
