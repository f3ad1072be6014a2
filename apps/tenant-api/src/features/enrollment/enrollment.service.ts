import { createHash, timingSafeEqual } from 'node:crypto';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { RefusalError, type Clock } from '@biplane/kernel';
import type { LicenseClaims } from '@biplane/licensing';
import { CLOCK, faultPoint, UnitOfWork } from '@biplane/service-kit';
import { TenantLicenseService } from '../license/index.js';
import { BuildFailedError, fencedEpoch, isPurgeDue, Limiter, RegionServer, type Session } from '../tenancy/index.js';
import { clientsFor, enrollmentHash, judgeEnrollment } from './domain/enrollment-request.js';
import {
  findEnrolled,
  recordEnrolled,
  recordHomeIntent,
  recordTenantIntent,
  type EnrolledHomeRow,
} from './enrolled-home.store.js';
import type { EnrolledTenantDatabase, EnrollmentAnswer, EnrollRequest } from './enrollment.dto.js';
import { EnrollmentErrors } from './enrollment.errors.js';
import { EnrollmentMetrics } from './enrollment.metrics.js';
import { REGION_PARTS, type RegionParts } from './enrollment.ports.js';
import { GivenDatabases } from './given-databases.js';
import { HomeSecrets } from './home-secrets.js';
import { RedisHomes } from './redis-homes.js';

const AT_ONCE_MAX = 4;
const WAITING_MAX = 200;
const LOCK_WAIT_MS = 20_000;
const RETRY_SECONDS = 5;

/**
 * Makes whatever a dedicated home needs on the region's servers and gives it the credentials, to whoever holds its token. Any number of
 * times, by any number of replicas, for any number of pods of that home: what is there is found, what is missing is made.
 */
@Injectable()
export class EnrollmentService {
  private readonly logger = new Logger('Enrollment');
  private readonly limiter = new Limiter(AT_ONCE_MAX, WAITING_MAX);

  constructor(
    @Inject(TenantLicenseService) private readonly licenses: TenantLicenseService,
    @Inject(RegionServer) private readonly server: RegionServer,
    @Inject(GivenDatabases) private readonly databases: GivenDatabases,
    @Inject(HomeSecrets) private readonly secrets: HomeSecrets,
    @Inject(RedisHomes) private readonly redis: RedisHomes,
    @Inject(REGION_PARTS) private readonly parts: RegionParts,
    @Inject(UnitOfWork) private readonly unitOfWork: UnitOfWork,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(EnrollmentMetrics) private readonly metrics: EnrollmentMetrics,
  ) {}

  async enroll(request: EnrollRequest, token: string): Promise<EnrollmentAnswer> {
    try {
      this.assertToken(request, token);
      const answer = await this.limiter.run(() => this.enrollLocked(request));
      this.metrics.enrolled('enrolled');
      return answer;
    } catch (error) {
      const refusal = refusalOf(error);
      this.metrics.enrolled(refusal.failure.code);
      const { homeId, deploymentId } = request;
      // Of what is wrong on the server the cause; of a refused token nothing but that.
      const cause = error instanceof RefusalError ? {} : { err: error };
      this.logger.warn({ homeId, deploymentId, code: refusal.failure.code, ...cause }, 'a home was not enrolled');
      throw refusal;
    }
  }

  /** Before anything is looked up or waited for: a stranger costs one hash. */
  private assertToken({ homeId, deploymentId }: EnrollRequest, token: string): void {
    const expected = enrollmentHash(this.licenses.licenseOf(deploymentId), homeId);
    if (expected === undefined) throw unknown();
    const given = createHash('sha256').update(token).digest();
    if (timingSafeEqual(given, Buffer.from(expected, 'hex'))) return;
    throw new RefusalError(EnrollmentErrors.TOKEN_REFUSED({ detail: 'The token is not that of this home' }));
  }

  private async enrollLocked(request: EnrollRequest): Promise<EnrollmentAnswer> {
    const locked = await this.server.locked(request.deploymentId, LOCK_WAIT_MS, (session) =>
      this.converge(session, request),
    );
    if (locked) return locked.value;
    throw busy('Another process works on this deployment');
  }

  private async converge(
    session: Session,
    { homeId, deploymentId, epoch: asked }: EnrollRequest,
  ): Promise<EnrollmentAnswer> {
    // Asked again under the lock: waiting may have brought a newer license, or taken the home away.
    const license = this.licenses.licenseOf(deploymentId);
    const verdict = judgeEnrollment(license, { homeId, epoch: asked });
    if (!license || verdict.kind === 'unknown') throw unknown();
    if (verdict.kind === 'other_epoch') throw otherEpoch(`The license says epoch ${verdict.epoch}`);
    const { epoch } = verdict;
    if (epoch !== null && (await fencedEpoch(this.unitOfWork.reader, deploymentId)) >= epoch) {
      throw otherEpoch('The deployment has moved away from this placement');
    }
    const row = await this.intend(license, homeId, epoch);
    faultPoint('enrollment.after_intent');
    const texts = this.secrets.open(row);
    await this.server.ensureHome(session, homeId, texts);
    const redis = await this.redis.ensureUser(homeId, texts.redis);
    faultPoint('enrollment.after_redis_user');
    const tenantDatabase = epoch === null ? null : await this.makeTenant(session, row, epoch);
    await this.unitOfWork.run((tx) => recordEnrolled(tx, homeId, this.clock.now()));
    return {
      homeId,
      ...this.server.homeUrls(homeId, texts),
      tenantDatabase,
      kafka: this.parts.kafka,
      redis,
      tokenKey: texts.tokenKey,
      fieldKeys: texts.fieldKeys,
      mail: this.parts.mail(),
      clients: clientsFor(this.parts.clients(), license.sub),
    };
  }

  private async makeTenant(session: Session, row: EnrolledHomeRow, epoch: number): Promise<EnrolledTenantDatabase> {
    const { deploymentId, homeId } = row;
    const passwords = this.secrets.openTenant(row);
    const mustExist = epoch > 1 || (await this.databases.wasMade(deploymentId));
    const made = await this.databases.make(session, { deploymentId, homeId, passwords, mustExist });
    faultPoint('enrollment.after_tenant_database');
    return { epoch, ...made };
  }

  /** First of all, so that whatever a crash leaves on the server has a row that says whose it is. */
  private async intend(license: LicenseClaims, homeId: string, epoch: number | null): Promise<EnrolledHomeRow> {
    const deploymentId = license.deployment.id;
    const at = this.clock.now();
    return this.unitOfWork.run(async (tx) => {
      const known = await findEnrolled(tx, homeId);
      // A home that was dropped stays so: whoever restores the license has to look at what became of the data.
      if (known?.state === 'dropped' || isPurgeDue(license, this.licenses.now()))
        throw new RefusalError(EnrollmentErrors.PURGED({ detail: 'Its data was removed' }));
      if (known && known.deploymentId !== deploymentId) throw unknown();
      if (!known) {
        const secrets = this.secrets.create(homeId);
        await recordHomeIntent(tx, { homeId, deploymentId, tenantId: license.sub, ...secrets, at });
      }
      if (epoch !== null && (known?.epoch ?? 0) < epoch) {
        await recordTenantIntent(tx, { homeId, epoch, ...this.secrets.createTenant(homeId) });
      }
      const row = await findEnrolled(tx, homeId);
      if (!row) throw new Error(`The registry has lost the row of home ${homeId}`);
      return row;
    });
  }
}

const unknown = (): RefusalError =>
  new RefusalError(EnrollmentErrors.UNKNOWN({ detail: 'No license held here names this home for this deployment' }));

const otherEpoch = (detail: string): RefusalError => new RefusalError(EnrollmentErrors.EPOCH_MISMATCH({ detail }));

const busy = (detail: string): RefusalError =>
  new RefusalError(EnrollmentErrors.UNAVAILABLE({ detail, retryAfterSeconds: RETRY_SECONDS }));

function refusalOf(error: unknown): RefusalError {
  if (error instanceof RefusalError) return error;
  if (error instanceof BuildFailedError) {
    const { reason } = error;
    return new RefusalError(EnrollmentErrors.DATABASE_REFUSED({ detail: reason, members: { reason } }));
  }
  return busy('The servers of the region cannot be used now');
}
