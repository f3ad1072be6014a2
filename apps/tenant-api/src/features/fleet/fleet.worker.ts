import { Inject, Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import type { Clock } from '@biplane/kernel';
import { CLOCK, faultPoint, IDS, JobRunner, UnitOfWork, type Ids, type Tx } from '@biplane/service-kit';
import { HOME, TenantLicenseService, type HomeIdentity } from '../license/index.js';
import { TenantSchemas } from '../tenancy/index.js';
import { DatabaseMigrator, type Migrated } from './database-migrator.js';
import { nextAttemptMs } from './domain/attempts.js';
import { nextTurn } from './domain/run-rules.js';
import { skipReason } from './domain/skip-reason.js';
import { FleetMetrics } from './fleet.metrics.js';
import { insertMigrations, lockRun, openRun, progressOf, saveRun, type RunRow } from './fleet.store.js';
import {
  deploymentsOf,
  extendLeases,
  giveBack,
  settle,
  takeNext,
  type Outcome,
  type Taken,
} from './migration.store.js';

/** Long enough for a replica that is busy, short enough for one that is dead. */
export const LEASE_MS = 60_000;
const SHUTDOWN_MS = 10_000;

interface Task {
  readonly taken: Taken;
  readonly attemptsMax: number;
}

/**
 * Works on the open run, as every replica of this program does: each database is taken by one of them, under a lease. What a replica
 * learns is written where all see it, so that any of them can be killed, and the run goes on.
 */
@Injectable()
export class FleetWorker implements BeforeApplicationShutdown {
  private readonly logger = new Logger('Fleet');
  private readonly abort = new AbortController();
  private working: Promise<void> | null = null;
  private stopping = false;

  constructor(
    @Inject(HOME) private readonly home: HomeIdentity,
    @Inject(DatabaseMigrator) private readonly migrator: DatabaseMigrator,
    @Inject(TenantSchemas) private readonly schemas: TenantSchemas,
    @Inject(TenantLicenseService) private readonly licenses: TenantLicenseService,
    @Inject(UnitOfWork) private readonly unitOfWork: UnitOfWork,
    @Inject(FleetMetrics) private readonly metrics: FleetMetrics,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: Ids,
    @Inject(JobRunner) jobs: JobRunner,
  ) {
    jobs.register({ name: 'fleet', everyMs: 1_000, run: () => this.tick() });
  }

  /** Begins nothing more; what does not end in time is cut off, and rolled back by the server. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping = true;
    const cut = setTimeout(() => this.abort.abort(), SHUTDOWN_MS);
    await this.working?.catch(() => undefined);
    clearTimeout(cut);
  }

  /** Resolves at once where the work goes on: the next tick keeps its leases. */
  async tick(): Promise<void> {
    if (this.working) {
      const until = new Date(this.clock.now().getTime() + LEASE_MS);
      await this.unitOfWork.run((tx) => extendLeases(tx, this.home.instanceId, until));
      return;
    }
    const run = await openRun(this.unitOfWork.reader);
    if (run?.state !== 'running' || run.targetHash !== this.schemas.target.hash) return;
    void this.work(run).catch((error: unknown) => {
      this.logger.error({ err: error, runId: run.id }, 'a fleet run broke off here; the next tick goes on');
    });
  }

  /** Resolves when nothing of the run is due. */
  work(run: Pick<RunRow, 'id' | 'atOnceMax'>): Promise<void> {
    this.working ??= this.workers(run).finally(() => {
      this.working = null;
    });
    return this.working;
  }

  private async workers({ id, atOnceMax }: Pick<RunRow, 'id' | 'atOnceMax'>): Promise<void> {
    const worker = async (): Promise<void> => {
      for (let task = await this.take(id); task; task = await this.take(id)) await this.carryOut(task);
    };
    const ends = await Promise.allSettled(Array.from({ length: atOnceMax }, worker));
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }

  private async take(runId: string): Promise<Task | undefined> {
    if (this.stopping) return undefined;
    return this.unitOfWork.run(async (tx) => {
      const run = await this.turn(tx, runId);
      if (run?.state !== 'running' || run.targetHash !== this.schemas.target.hash) return undefined;
      const now = this.clock.now();
      const leaseUntil = new Date(now.getTime() + LEASE_MS);
      const { wave, atOnceMax, attemptsMax } = run;
      const taken = await takeNext(tx, { runId, wave, atOnceMax, by: this.home.instanceId, now, leaseUntil });
      return taken && { taken, attemptsMax };
    });
  }

  /** The run as it is once what has happened is taken into account. */
  private async turn(tx: Tx, runId: string): Promise<RunRow | undefined> {
    let run = await lockRun(tx, runId);
    while (run) {
      const turn = nextTurn(await progressOf(tx, run));
      if (turn.kind === 'stay') return run;
      if (turn.kind === 'finish' && (await this.takeInLateOnes(tx, run))) return run;
      const at = this.clock.now();
      if (turn.kind === 'advance') run = { ...run, wave: run.wave + 1 };
      if (turn.kind === 'stop') run = { ...run, state: 'stopped', reason: turn.reason };
      if (turn.kind === 'finish') run = { ...run, state: 'done', endedAt: at };
      await saveRun(tx, run, at);
      this.logger.log({ runId, turn }, 'a fleet run takes its turn');
    }
    return run;
  }

  /** Made by a program of before while the run went on: they come last. */
  private async takeInLateOnes(tx: Tx, run: RunRow): Promise<boolean> {
    const known = new Set(await deploymentsOf(tx, run.id));
    const late = (await this.schemas.list()).filter(
      ({ deploymentId, state, schemaVersion }) =>
        state === 'ready' && schemaVersion !== null && schemaVersion < run.targetVersion && !known.has(deploymentId),
    );
    const rows = late.map(({ deploymentId, schemaVersion: fromVersion }, index) => ({
      ...{ deploymentId, fromVersion, state: 'pending' as const, reason: null },
      wave: run.wave,
      position: known.size + index,
    }));
    if (rows.length > 0) await insertMigrations(tx, run.id, rows, this.clock.now());
    return rows.length > 0;
  }

  /** A broken tenant stops alone: what kept it stands in its row, and the others go on. */
  private async carryOut({ taken, attemptsMax }: Task): Promise<void> {
    faultPoint('fleet.after_take');
    const { deploymentId, attempt } = taken;
    const startedMs = performance.now();
    const license = this.licenses.ownLicenseOf(deploymentId);
    const skip = skipReason(license, await this.schemas.find(deploymentId), this.schemas.target.version);
    const at = (): Date => this.clock.now();
    if (skip !== null) return this.conclude(taken, { ...NOTHING, state: 'skipped', reason: skip, at: at() }, null);
    const migrated = await this.migrator.migrate(deploymentId, this.abort.signal);
    if (this.abort.signal.aborted && migrated.kind !== 'done') {
      await this.unitOfWork.run((tx) => giveBack(tx, taken));
      return;
    }
    if (migrated.kind === 'done') {
      const { checksum, version } = migrated;
      this.metrics.took((performance.now() - startedMs) / 1_000);
      return this.conclude(taken, { ...NOTHING, state: 'done', checksum, at: at() }, version);
    }
    this.logger.warn({ err: migrated.cause, deploymentId, attempt, migration: migrated.migration }, 'not migrated');
    await this.conclude(taken, this.outcomeOf(migrated, attempt, attemptsMax), null);
  }

  private outcomeOf(migrated: Extract<Migrated, { kind: 'obstacle' }>, attempt: number, attemptsMax: number): Outcome {
    const { obstacle, migration: failedMigration } = migrated;
    const at = this.clock.now();
    const jitter = (this.ids.random(1)[0] ?? 0) / 256;
    const againMs = nextAttemptMs(obstacle, attempt, attemptsMax, jitter);
    const { reason } = obstacle;
    if (againMs === null) return { ...NOTHING, state: 'failed', reason, failedMigration, at };
    return {
      ...NOTHING,
      state: 'pending',
      reason,
      failedMigration,
      nextAttemptAt: new Date(at.getTime() + againMs),
      at,
    };
  }

  private async conclude(taken: Taken, outcome: Outcome, version: string | null): Promise<void> {
    const isMine = await this.unitOfWork.run(async (tx) => {
      if (!(await settle(tx, taken, outcome))) return false;
      if (version !== null) await this.schemas.migrated(tx, taken.deploymentId, version);
      return true;
    });
    if (isMine) this.metrics.concluded(outcome.state);
    faultPoint('fleet.after_settle');
  }
}

const NOTHING = { reason: null, failedMigration: null, checksum: null, nextAttemptAt: null } as const;
