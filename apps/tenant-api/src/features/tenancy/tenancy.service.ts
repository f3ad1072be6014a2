import { Inject, Injectable, Logger } from '@nestjs/common';
import { RefusalError, type Clock } from '@biplane/kernel';
import { tenantDatabaseName, type LicenseClaims } from '@biplane/licensing';
import { CLOCK, faultPoint, IDS, UnitOfWork, type Ids, type Tx } from '@biplane/service-kit';
import { TenantLicenseService } from '../license/index.js';
import { AppliedReporter } from './applied-reporter.js';
import { DatabaseBuilder, type Built } from './database-builder.js';
import { fencedEpoch } from './deployment-fence.store.js';
import { isPurgeDue } from './domain/purge-due.js';
import { LOOK_AGAIN_MS, retryDelayMs } from './domain/retry-delay.js';
import { Limiter } from './limiter.js';
import { codeOf, withLock, withSession, type Session } from './server-session.js';
import { TenancyErrors } from './tenancy.errors.js';
import { findDatabase, recordFailure, recordIntent, recordReady, type TenantDatabaseRow } from './tenancy.store.js';
import { TenantSecrets } from './tenant-secrets.js';
import { BuildFailedError, TemplateMissingError, TenantServer } from './tenant-server.js';

export const PROVISIONER_URL = Symbol('PROVISIONER_URL');

export interface InitializeOptions {
  /** A database that was ready and is gone is replaced by an empty one: only an operator may say so. */
  readonly mayReplaceLost?: boolean;
}

const AT_ONCE_MAX = 4;
const WAITING_MAX = 2_000;
const LOCK_WAIT_MS = 20_000;
const BUSY_RETRY_SECONDS = 5;

/** Makes a deployment's database ready, from whatever is there, any number of times, by any number of replicas. */
@Injectable()
export class TenancyService {
  private readonly logger = new Logger('Tenancy');
  private readonly limiter = new Limiter(AT_ONCE_MAX, WAITING_MAX);
  private readonly running = new Map<string, Promise<TenantDatabaseRow>>();
  private readonly queued = new Map<string, Promise<TenantDatabaseRow>>();

  constructor(
    @Inject(TenantServer) private readonly server: TenantServer,
    @Inject(TenantLicenseService) private readonly licenses: TenantLicenseService,
    @Inject(DatabaseBuilder) private readonly builder: DatabaseBuilder,
    @Inject(TenantSecrets) private readonly secrets: TenantSecrets,
    @Inject(UnitOfWork) private readonly unitOfWork: UnitOfWork,
    @Inject(AppliedReporter) private readonly reporter: AppliedReporter,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: Ids,
  ) {}

  /** The one way to a database, for the license consumer and for `POST /internal/database/initialize` alike. */
  async initialize(deploymentId: string, options: InitializeOptions = {}): Promise<TenantDatabaseRow> {
    this.ownLicense(deploymentId);
    const running = this.running.get(deploymentId);
    if (!running) return this.start(deploymentId, options);
    // What runs may have read an older license, so it is no answer; whoever else waits already waits for the same look.
    const queued = this.queued.get(deploymentId);
    if (queued && !options.mayReplaceLost) return queued;
    const next = (queued ?? running).then(noop, noop).then(() => {
      if (this.queued.get(deploymentId) === next) this.queued.delete(deploymentId);
      return this.start(deploymentId, options);
    });
    this.queued.set(deploymentId, next);
    return next;
  }

  /** After a license changed: tells core-api at once when the database needs nothing, and makes it ready otherwise. */
  async reconcile(deploymentId: string): Promise<void> {
    const license = this.licenses.ownLicenseOf(deploymentId);
    if (!license) return;
    const row = await findDatabase(this.unitOfWork.reader, deploymentId);
    const isDue = isPurgeDue(license, this.licenses.now());
    // What is to be removed is nobody's to make; that it was removed is told for each newer version.
    if (isDue && row?.state !== 'dropped') return;
    const isWhole = row?.state === 'ready' && row.dropIntentAt === null;
    const isSettled = isDue || (isWhole && row.epoch === license.placement.epoch && !license.bootstrap);
    if (!isSettled) await this.initialize(deploymentId);
    else await this.unitOfWork.run((tx) => this.reporter.report(tx, license));
  }

  /** A database that was ready is gone from the server. */
  async reportLost(deploymentId: string): Promise<void> {
    const license = this.licenses.ownLicenseOf(deploymentId);
    this.logger.error({ deploymentId }, 'a tenant database has disappeared from the server');
    await this.unitOfWork.run(async (tx) => {
      await this.fail(tx, deploymentId, 'DATABASE_MISSING');
      if (license) await this.reporter.report(tx, license);
    });
  }

  private async start(deploymentId: string, options: InitializeOptions): Promise<TenantDatabaseRow> {
    const work = this.limiter.run(() => this.initializeLocked(deploymentId, options));
    this.running.set(deploymentId, work);
    try {
      return await work;
    } finally {
      if (this.running.get(deploymentId) === work) this.running.delete(deploymentId);
    }
  }

  private async initializeLocked(deploymentId: string, options: InitializeOptions): Promise<TenantDatabaseRow> {
    const locked = await withSession(this.server.sessionUrl, (session) =>
      withLock(session, `tenancy:${deploymentId}`, LOCK_WAIT_MS, () => this.converge(session, deploymentId, options)),
    );
    if (locked) return locked.value;
    const detail = 'Another process works on the database of this deployment';
    throw new RefusalError(TenancyErrors.BUSY({ detail, retryAfterSeconds: BUSY_RETRY_SECONDS }));
  }

  private async converge(
    session: Session,
    deploymentId: string,
    { mayReplaceLost = false }: InitializeOptions,
  ): Promise<TenantDatabaseRow> {
    // Asked again under the lock: waiting may have brought a newer license, or taken the deployment away.
    const license = this.ownLicense(deploymentId);
    await this.assertNotFenced(license);
    this.assertNotPurged(license);
    const intent = await this.intend(license);
    faultPoint('tenancy.after_intent');
    const passwords = this.secrets.open(deploymentId, intent);
    const wasReady = intent.readyAt !== null;
    let built: Built | { readonly kind: 'failed'; readonly reason: string };
    try {
      built = await this.builder.build(session, { license, passwords, wasReady, mayReplaceLost });
    } catch (error) {
      this.logger.warn({ err: error, deploymentId }, 'a tenant database was not made ready');
      built = { kind: 'failed', reason: reasonOf(error) };
    }
    const row = await this.conclude(license, built);
    if (row.state === 'ready' && built.kind === 'ready') return row;
    const reason = built.kind === 'ready' ? 'UNKNOWN' : built.reason;
    throw new RefusalError(TenancyErrors.FAILED({ detail: reason, members: { reason }, retryAfterSeconds: 5 }));
  }

  /** First of all, so that whatever a crash leaves on the server has a row that says whose it is. */
  private async intend(license: LicenseClaims): Promise<TenantDatabaseRow> {
    const deploymentId = license.deployment.id;
    const known = await findDatabase(this.unitOfWork.reader, deploymentId);
    if (known && known.epoch >= license.placement.epoch) return known;
    const at = this.clock.now();
    return this.unitOfWork.run(async (tx) => {
      await recordIntent(tx, {
        deploymentId,
        tenantId: license.sub,
        name: tenantDatabaseName(deploymentId),
        epoch: license.placement.epoch,
        ...this.secrets.create(deploymentId),
        at,
        lookAgainAt: new Date(at.getTime() + LOOK_AGAIN_MS),
      });
      return this.mustFind(tx, deploymentId);
    });
  }

  private async conclude(
    license: LicenseClaims,
    built: Built | { readonly kind: 'failed'; readonly reason: string },
  ): Promise<TenantDatabaseRow> {
    const deploymentId = license.deployment.id;
    return this.unitOfWork.run(async (tx) => {
      if (built.kind === 'ready') {
        const { schemaVersion, hasAdmin } = built;
        const { epoch } = license.placement;
        await recordReady(tx, {
          deploymentId,
          epoch,
          schemaVersion,
          adminBootstrapped: hasAdmin,
          at: this.clock.now(),
        });
      } else {
        await this.fail(tx, deploymentId, built.reason);
      }
      await this.reporter.report(tx, license);
      return this.mustFind(tx, deploymentId);
    });
  }

  private async fail(tx: Tx, deploymentId: string, reason: string): Promise<void> {
    const row = await this.mustFind(tx, deploymentId);
    const at = this.clock.now();
    const jitter = (this.ids.random(1)[0] ?? 0) / 256;
    const nextAttemptAt = new Date(at.getTime() + retryDelayMs(row.attempts + 1, jitter));
    await recordFailure(tx, { deploymentId, reason, at, nextAttemptAt, isLost: reason.startsWith('DATABASE_') });
  }

  private ownLicense(deploymentId: string): LicenseClaims {
    const license = this.licenses.ownLicenseOf(deploymentId);
    if (license) return license;
    const elsewhere = this.licenses.licenseOf(deploymentId);
    if (!elsewhere) {
      throw new RefusalError(TenancyErrors.DEPLOYMENT_UNKNOWN({ detail: 'No license of this deployment is held' }));
    }
    const { url } = elsewhere.placement;
    throw new RefusalError(TenancyErrors.MOVED({ detail: `The deployment is served at ${url}`, members: { url } }));
  }

  /** E16: the newer license may not have come yet, and the door that was closed behind this placement stays closed. */
  private async assertNotFenced({ deployment, placement }: LicenseClaims): Promise<void> {
    if ((await fencedEpoch(this.unitOfWork.reader, deployment.id)) < placement.epoch) return;
    throw new RefusalError(TenancyErrors.MOVED({ detail: 'The deployment has moved away from this placement' }));
  }

  private assertNotPurged(license: LicenseClaims): void {
    if (!isPurgeDue(license, this.licenses.now())) return;
    const reason = 'PURGED';
    throw new RefusalError(TenancyErrors.FAILED({ detail: reason, members: { reason } }));
  }

  private async mustFind(tx: Tx, deploymentId: string): Promise<TenantDatabaseRow> {
    const row = await findDatabase(tx, deploymentId);
    if (!row) throw new Error(`The registry has lost the row of ${deploymentId}`);
    return row;
  }
}

const noop = (): void => undefined;

/** Codes only: the text of an error could carry what is nobody else's. */
function reasonOf(error: unknown): string {
  if (error instanceof TemplateMissingError) return 'TEMPLATE_MISSING';
  if (error instanceof BuildFailedError) return error.reason;
  const code = codeOf(error);
  return /^[0-9A-Z]{5}$/.test(code) ? `SQLSTATE_${code}` : 'SERVER_UNREACHABLE';
}
