import { Inject, Injectable, Logger, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { RefusalError, type Clock } from '@biplane/kernel';
import type { LicenseClaims } from '@biplane/licensing';
import { CLOCK, JobRunner, querySql, UnitOfWork } from '@biplane/service-kit';
import { HOME, storedVersion, TenantLicenseService, type HomeIdentity } from '../license/index.js';
import { UsageReporter } from '../metrics/index.js';
import { TenantHandles } from '../tenancy/index.js';
import { nextMoveStep, type MoveAct } from './domain/next-move-step.js';
import { MoveDrain } from './move-drain.js';
import { MoveReports } from './move-reports.js';
import type { MoveListener } from './moves.ports.js';
import { hasUnsent, letGo, recordOf, release, tryLock, undo } from './moves.store.js';
import { RegionMoves } from './region-moves.js';

const EVERY_MS = 500;
const HOUR_MS = 3_600_000;
/** By then an hour that has just begun is closed, by the rule that closes all of them. */
const CLOSED_BY_MS = HOUR_MS + 5 * 60_000;
/** Replicas hear of a license within this, and say each second what they counted in memory. */
const SETTLE_MS = 1_500;
const TIMEOUT_MS = 10 * 60_000;

/** Brings this home to where the license of each deployment wants it: one step at a time, any replica, from wherever it was left. */
@Injectable()
export class HomeMoves implements OnModuleInit, BeforeApplicationShutdown {
  private readonly logger = new Logger('Moves');
  private readonly listeners: MoveListener[] = [];
  /** Those whose license changed and of which something may be left to do, with when this process first saw them drain. */
  private readonly open = new Map<string, number>();
  private working: Promise<void> = Promise.resolve();
  private isClosing = false;

  constructor(
    @Inject(HOME) private readonly home: HomeIdentity,
    @Inject(TenantLicenseService) private readonly licenses: TenantLicenseService,
    @Inject(UnitOfWork) private readonly unitOfWork: UnitOfWork,
    @Inject(TenantHandles) private readonly handles: TenantHandles,
    @Inject(UsageReporter) private readonly usage: UsageReporter,
    @Inject(MoveDrain) private readonly drains: MoveDrain,
    @Inject(RegionMoves) private readonly region: RegionMoves,
    @Inject(MoveReports) private readonly reports: MoveReports,
    @Inject(JobRunner) private readonly jobs: JobRunner,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.licenses.onChange((deploymentIds) => this.changed(deploymentIds));
    this.jobs.register({ name: 'moves', everyMs: EVERY_MS, run: () => this.run() });
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.isClosing = true;
    await this.working;
  }

  /** For whoever keeps something of deployments outside the databases. */
  listen(listener: MoveListener): void {
    this.listeners.push(listener);
  }

  /** One look at every deployment of which something may be left to do. */
  run(): Promise<void> {
    this.working = this.working.then(async () => {
      for (const deploymentId of [...this.open.keys()]) {
        if (this.isClosing) return;
        await this.lookAt(deploymentId);
      }
    });
    return this.working;
  }

  private changed(deploymentIds: readonly string[]): void {
    for (const deploymentId of deploymentIds) {
      const license = this.licenses.licenseOf(deploymentId);
      if (!license) continue;
      this.open.set(deploymentId, performance.now());
      // Each replica for itself, at once: what it holds of limits and counts goes back before the home holds.
      if (isDrainingHere(license, this.home)) {
        void this.drains.flush(deploymentId).catch((error: unknown) => {
          this.logger.warn({ err: error, deploymentId }, 'counts in memory wait for the next flush');
        });
      }
    }
  }

  /** One that fails is looked at again, and holds up no other. */
  private async lookAt(deploymentId: string): Promise<void> {
    const seenAt = this.open.get(deploymentId);
    try {
      const isSettled = await this.oneStep(deploymentId, seenAt ?? 0);
      if (isSettled && this.open.get(deploymentId) === seenAt) this.open.delete(deploymentId);
    } catch (error) {
      const code = error instanceof RefusalError ? error.failure.code : undefined;
      this.logger.warn({ err: error, deploymentId, code }, 'a step of a move is tried again');
    }
  }

  /** True when nothing is left to do until another license comes. */
  private async oneStep(deploymentId: string, seenAt: number): Promise<boolean> {
    const license = this.licenses.licenseOf(deploymentId);
    if (!license) return true;
    const { placement } = license;
    const read = async (): Promise<MoveAct> =>
      nextMoveStep(placement, this.home, await recordOf(this.unitOfWork.reader, deploymentId));
    if ((await read()).kind === 'settled') {
      if (!(await this.isNewest(license))) return false;
      await this.region.dropUnwanted(license);
      return true;
    }
    await this.unitOfWork.run(
      async (lock) => {
        if (!(await tryLock(lock, deploymentId)) || !(await this.isNewest(license))) return;
        // Looked at again under the lock: another replica may have done it.
        const act = await read();
        if (act.kind === 'undo') await this.undo(license);
        else if (act.kind === 'step') await this.perform(act, license, seenAt);
      },
      { timeoutMs: TIMEOUT_MS, attemptsMax: 1 },
    );
    return false;
  }

  /**
   * Whether it is what the home has stored. A replica that stood still, and still holds an older one, must undo and drop nothing;
   * and whoever starts after a kill must know what the steps that were done follow from.
   */
  private async isNewest({ deployment, version }: LicenseClaims): Promise<boolean> {
    const stored = () => storedVersion(this.unitOfWork.reader, deployment.id);
    if ((await stored()) < version) await this.licenses.store();
    return (await stored()) === version;
  }

  private async perform(act: MoveAct & { kind: 'step' }, license: LicenseClaims, seenAt: number): Promise<void> {
    const { placement, deployment } = license;
    const [{ toEpoch }, deploymentId, { homeId }] = [act, deployment.id, this.home];
    switch (act.step) {
      case 'standby_ready':
        return this.reports.done({ deploymentId, toEpoch, step: act.step, ofHomeId: homeId });
      case 'drained': {
        if (performance.now() - seenAt < SETTLE_MS || placement.next === undefined) return;
        for (const listener of this.listeners) await listener.drain(deploymentId);
        return this.drains.drain({ deploymentId, toEpoch, toHomeId: placement.next.homeId });
      }
      case 'copied':
        await this.region.copy(deploymentId, placement);
        return;
      case 'fenced':
        await this.region.fence(deploymentId, placement);
        return;
      case 'ready': {
        await this.handles.resolve(deploymentId).read((reader) => querySql(reader, 'SELECT 1 AS one', []));
        return this.reports.done({ deploymentId, toEpoch, step: act.step, ofHomeId: homeId });
      }
      case 'cleaned':
        return this.clean(deploymentId, toEpoch);
    }
  }

  /** A home of its own closes the hour that it will not see the end of: nothing can be counted here any more. */
  private async clean(deploymentId: string, toEpoch: number): Promise<void> {
    for (const listener of this.listeners) await listener.letGo(deploymentId);
    if (this.home.kind === 'dedicated') {
      await this.drains.flush(deploymentId);
      const now = this.clock.now();
      await this.usage.closeHours(new Date(now.getTime() + CLOSED_BY_MS));
      await this.usage.sendChanges(now);
      if (await hasUnsent(this.unitOfWork.reader)) return;
    }
    await this.unitOfWork.run(async (tx) => {
      await letGo(tx, deploymentId);
      const ofHomeId = this.home.homeId;
      await this.reports.doneIn(tx, { deploymentId, toEpoch, step: 'cleaned', ofHomeId });
    });
  }

  /** The license went back, or the deployment came back: what was held is taken again. */
  private async undo({ placement, deployment, status }: LicenseClaims): Promise<void> {
    const isHere = placement.homeId === this.home.homeId;
    const { heldFor } = await recordOf(this.unitOfWork.reader, deployment.id);
    // Held by the login that serves: after a move away and back that is another one. What is revoked is not written any more.
    const isClosed = heldFor !== null && heldFor > placement.epoch && status !== 'revoked';
    if (isHere && isClosed) await this.drains.reopen(deployment.id);
    await this.unitOfWork.run(async (tx) => {
      await undo(tx, deployment.id, placement.next?.epoch ?? placement.epoch);
      if (isHere) await release(tx, deployment.id);
    });
  }
}

/** Its writes are refused here: it is being moved away. */
export function isDrainingHere({ placement }: LicenseClaims, { homeId }: Pick<HomeIdentity, 'homeId'>): boolean {
  return placement.homeId === homeId && placement.phase === 'draining';
}
