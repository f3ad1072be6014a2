import { createHash } from 'node:crypto';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { RefusalError, type Clock } from '@biplane/kernel';
import { CLOCK, IDS, UnitOfWork, type Ids, type Tx } from '@biplane/service-kit';
import { TenantLicenseService } from '../license/index.js';
import { TenantSchemas } from '../tenancy/index.js';
import { ATTEMPTS_MAX } from './domain/attempts.js';
import { commanded, type RunCommand } from './domain/run-rules.js';
import { skipReason, type SkipReason } from './domain/skip-reason.js';
import { planWaves, waveSizes } from './domain/waves.js';
import { FleetErrors } from './fleet.errors.js';
import {
  findRun,
  insertMigrations,
  insertRun,
  lockRun,
  openRun,
  progressOf,
  retryMigrations,
  saveRun,
  type PlannedRow,
  type RunRow,
} from './fleet.store.js';

export interface RunSettings {
  /** Sizes of the waves after the canaries; they grow by themselves when none is named. */
  readonly waves?: readonly number[] | undefined;
  readonly atOnceMax?: number | undefined;
  readonly failuresPercentMax?: number | undefined;
  readonly attemptsMax?: number | undefined;
}

export interface FleetPlan {
  readonly databases: number;
  readonly current: number;
  readonly waves: readonly number[];
  readonly toMigrate: readonly { readonly deploymentId: string; readonly fromVersion: string | null }[];
  readonly skipped: readonly {
    readonly deploymentId: string;
    readonly reason: SkipReason;
    readonly fromVersion: string | null;
  }[];
}

/** Two connections of the home's twenty each: the migrating one, and one of the pool for the moment of its bookkeeping. */
export const AT_ONCE_MAX = 4;
const FAILURES_PERCENT_MAX = 1;

/** Begins runs, shows what they would do, and takes the commands of operators. */
@Injectable()
export class FleetService {
  private readonly logger = new Logger('Fleet');

  constructor(
    @Inject(TenantSchemas) private readonly schemas: TenantSchemas,
    @Inject(TenantLicenseService) private readonly licenses: TenantLicenseService,
    @Inject(UnitOfWork) private readonly unitOfWork: UnitOfWork,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: Ids,
  ) {}

  async plan(settings: RunSettings): Promise<FleetPlan> {
    const target = this.schemas.target.version;
    const all = await this.schemas.list();
    const behind = all.filter(({ state, schemaVersion }) => state !== 'dropped' && schemaVersion !== target);
    const toMigrate: { deploymentId: string; fromVersion: string | null }[] = [];
    const skipped: { deploymentId: string; reason: SkipReason; fromVersion: string | null }[] = [];
    for (const database of behind) {
      const { deploymentId, schemaVersion: fromVersion } = database;
      const reason = skipReason(this.licenses.ownLicenseOf(deploymentId), database, target);
      if (reason === null) toMigrate.push({ deploymentId, fromVersion });
      else skipped.push({ deploymentId, reason, fromVersion });
    }
    const current = all.filter(({ schemaVersion }) => schemaVersion === target).length;
    return { databases: all.length, current, waves: waveSizes(toMigrate.length, settings.waves), toMigrate, skipped };
  }

  /** Asked again while its run is open, it answers that run: nothing is begun twice. */
  async begin(plan: FleetPlan, settings: RunSettings, requestedBy: string): Promise<RunRow> {
    const at = this.clock.now();
    const id = this.ids.uuid();
    const run = this.newRun(id, plan, settings, requestedBy, at);
    return this.unitOfWork.run(async (tx) => {
      if (!(await insertRun(tx, run))) return this.sameRun(tx, run, settings);
      await insertMigrations(tx, id, rowsOf(id, plan, settings), at);
      this.logger.log({ runId: id, databases: plan.toMigrate.length, target: run.targetVersion }, 'a fleet run begins');
      return run;
    });
  }

  async command(id: string, command: RunCommand): Promise<RunRow> {
    const at = this.clock.now();
    return this.unitOfWork.run(async (tx) => {
      const run = await lockRun(tx, id);
      if (!run) throw unknownRun();
      const state = commanded(command, run.state);
      if (state === null) throw new RefusalError(FleetErrors.RUN_ENDED({ detail: `The run is ${run.state}` }));
      if (state === run.state && command !== 'retry') return run;
      const changed = { ...run, state, reason: null, endedAt: state === 'canceled' ? at : null };
      if (command === 'retry') {
        await retryMigrations(tx, id, at);
        changed.failuresAcknowledged = 0;
      }
      if (command === 'continue') changed.failuresAcknowledged = await failuresOf(tx, run);
      await saveRun(tx, changed, at);
      this.logger.log({ runId: id, command }, 'a fleet run was told what to do');
      return { ...changed, updatedAt: at };
    });
  }

  async find(id: string): Promise<RunRow> {
    const run = await findRun(this.unitOfWork.reader, id);
    if (!run) throw unknownRun();
    return run;
  }

  private newRun(id: string, plan: FleetPlan, settings: RunSettings, requestedBy: string, at: Date): RunRow {
    const { version, hash } = this.schemas.target;
    const isEmpty = plan.toMigrate.length === 0;
    return {
      id,
      targetVersion: version,
      targetHash: hash,
      state: isEmpty ? 'done' : 'running',
      reason: null,
      wave: 0,
      waves: plan.waves.length,
      atOnceMax: settings.atOnceMax ?? AT_ONCE_MAX,
      failuresPercentMax: settings.failuresPercentMax ?? FAILURES_PERCENT_MAX,
      attemptsMax: settings.attemptsMax ?? ATTEMPTS_MAX,
      failuresAcknowledged: 0,
      requestedBy,
      createdAt: at,
      updatedAt: at,
      endedAt: isEmpty ? at : null,
    };
  }

  private async sameRun(tx: Tx, asked: RunRow, settings: RunSettings): Promise<RunRow> {
    const open = await openRun(tx);
    const isSame =
      open?.targetHash === asked.targetHash &&
      open.atOnceMax === asked.atOnceMax &&
      open.failuresPercentMax === asked.failuresPercentMax &&
      open.attemptsMax === asked.attemptsMax &&
      settings.waves === undefined;
    if (open && isSame) return open;
    const detail = open ? `The run ${open.id} to ${open.targetVersion} is ${open.state}` : 'A run has just ended';
    throw new RefusalError(FleetErrors.RUN_OPEN({ detail, ...(open && { members: { runId: open.id } }) }));
  }
}

const unknownRun = (): RefusalError => new RefusalError(FleetErrors.RUN_UNKNOWN({ detail: 'No run has this id' }));

async function failuresOf(tx: Tx, run: RunRow): Promise<number> {
  return (await progressOf(tx, run)).failed;
}

/** Skipped ones stand in the run too, in its last wave, so that one sees why they were left and can send them after. */
function rowsOf(runId: string, plan: FleetPlan, settings: RunSettings): PlannedRow[] {
  const rank = (deploymentId: string): string => createHash('sha256').update(`${runId}${deploymentId}`).digest('hex');
  const versions = new Map(plan.toMigrate.map(({ deploymentId, fromVersion }) => [deploymentId, fromVersion]));
  const ids = plan.toMigrate.map(({ deploymentId }) => deploymentId);
  const planned = planWaves(ids, settings.waves ?? [], rank).map((row) => ({
    ...row,
    state: 'pending' as const,
    reason: null,
    fromVersion: versions.get(row.deploymentId) ?? null,
  }));
  const last = Math.max(0, plan.waves.length - 1);
  const left = plan.skipped.map(({ deploymentId, reason, fromVersion }, index) => ({
    ...{ deploymentId, reason, fromVersion },
    wave: last,
    position: planned.length + index,
    state: 'skipped' as const,
  }));
  return [...planned, ...left];
}
