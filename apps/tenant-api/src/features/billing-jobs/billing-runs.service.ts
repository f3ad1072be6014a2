import { Inject, Injectable, Logger } from '@nestjs/common';
import { RefusalError, type Clock } from '@biplane/kernel';
import {
  CLOCK, faultPoint, IDS, isDatabaseUnavailable, isLockTimeout, isTransactionConflict, Metrics, type Ids, type Tx,
} from '@biplane/service-kit'; // prettier-ignore
import { Counter } from 'prom-client';
import { isDraining } from '../license/index.js';
import type { TenantHandle } from '../tenancy/index.js';
import { BillingJobErrors } from './billing-jobs.errors.js';
import { firstDue, retryAt } from './domain/due-work.js';
import { nextTurn, type RunKind } from './domain/schedule.js';
import { RunWork } from './run-kinds.js';
import {
  countRun,
  endRun,
  findRun,
  insertRun,
  listWork,
  lockDueSchedule,
  openRun,
  saveFailure,
  saveSchedule,
  type Run,
  type Schedule,
} from './runs.store.js';

const SCHEDULE_ACTOR = 'job:billing-schedule';

/** Runs, as the database of their tenant says that they are due: whoever is asked to look finds the same, any number of times. */
@Injectable()
export class BillingRuns {
  private readonly logger = new Logger('BillingRuns');
  private readonly failed: Counter<'kind'>;

  constructor(
    @Inject(RunWork) private readonly work: RunWork,
    @Inject(Metrics) { registry }: Metrics,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: Ids,
  ) {
    this.failed = new Counter({
      name: 'billing_run_turns_failed_total',
      help: 'Turns of runs that failed and are tried again, by the kind of the run',
      labelNames: ['kind'],
      registers: [registry],
    });
  }

  /** Replaces the schedule of its kind: its turns are counted from now on, and none that passed is made up for. */
  async schedule(tx: Tx, wanted: Pick<Schedule, 'kind' | 'dayOfMonth' | 'timeZone' | 'enabled'>): Promise<Schedule> {
    const now = this.clock.now();
    const nextDueAt = wanted.enabled ? nextTurn(wanted, now) : null;
    const schedule = { ...wanted, nextDueAt, updatedAt: now };
    await saveSchedule(tx, schedule);
    return schedule;
  }

  /** A run beside the schedule, due now. */
  async request(tx: Tx, kind: RunKind, requestedBy: string): Promise<Run> {
    const run = await this.begin(tx, { kind, dueAt: this.clock.now(), requestedBy });
    if (run) return run;
    const open = await openRun(tx, kind);
    const detail = `A run of ${kind} is under way`;
    throw new RefusalError(BillingJobErrors.UNDER_WAY({ detail, ...(open && { members: { runId: open.id } }) }));
  }

  async run(tx: Tx, id: string): Promise<Run> {
    const run = await findRun(tx, id);
    if (run) return run;
    throw new RefusalError(BillingJobErrors.UNKNOWN({ detail: `There is no run ${id}` }));
  }

  /**
   * Makes what is due, turn by turn, until nothing is. Each turn of work is one transaction: killed anywhere, whoever looks next goes
   * on from there. `mayGoOn` is asked before each.
   */
  async performDue(tenant: TenantHandle, mayGoOn: () => boolean): Promise<void> {
    // Kinds whose run fails, or is in the hands of others, who end it: the other kind goes on.
    const left = new Set<RunKind>();
    while (mayGoOn()) {
      const due = firstDue(await tenant.read(listWork), left, this.clock.now());
      if (due === null) return;
      const { kind, runId } = due;
      const run =
        runId === null
          ? await tenant.run((tx) => this.startDue(tx, kind))
          : await tenant.read((reader) => findRun(reader, runId));
      // Somebody else was before: what there is now is read again.
      if (run === null) continue;
      faultPoint('billing_run.before_turn');
      if ((await this.tryTurn(tenant, run)) === 'left') left.add(kind);
    }
  }

  /** Nothing of a turn that fails is kept but that it did. Where not even that can be written, the error is the caller's. */
  private async tryTurn(tenant: TenantHandle, run: Run): Promise<'ended' | 'on' | 'left'> {
    try {
      return await this.turn(tenant, run);
    } catch (error) {
      // The deployment is being moved: that is no failure of the run, which goes on at its next home.
      if (isDraining(error)) throw error;
      const { id: runId, kind } = run;
      const failures = run.failures + 1;
      const { deploymentId } = tenant;
      this.logger.error(
        { err: error, deploymentId, runId, kind, failures },
        'a turn of a run failed; it is tried again',
      );
      this.failed.inc({ kind });
      const again = retryAt(failures, this.clock.now());
      await tenant.run((tx) => saveFailure(tx, runId, { failures, lastError: reasonOf(error), retryAt: again }));
      return 'left';
    }
  }

  private async turn(tenant: TenantHandle, run: Run): Promise<'ended' | 'on' | 'left'> {
    const settle = this.work.of(run.kind);
    const turned = await tenant
      .run(async (tx) => {
        const result = await settle(tx, tenant, run);
        faultPoint('billing_run.before_count');
        // Another process may have ended it meanwhile; then what was taken here was of the next one.
        if (!(await countRun(tx, run.id, result.done, result.skipped))) throw new RunIsOver();
        return result;
      })
      .catch((error: unknown) => {
        if (error instanceof RunIsOver) return null;
        throw error;
      });
    faultPoint('billing_run.after_turn');
    if (turned === null) return 'on';
    if (turned.isDone) {
      await tenant.run((tx) => endRun(tx, run.id, this.clock.now()));
      faultPoint('billing_run.after_end');
      return 'ended';
    }
    return turned.done + turned.skipped === 0 ? 'left' : 'on';
  }

  /** The turn of a schedule becomes a run, and the schedule goes on from now: turns that were missed are one. */
  private async startDue(tx: Tx, kind: RunKind): Promise<Run | null> {
    const now = this.clock.now();
    const schedule = await lockDueSchedule(tx, kind, now);
    if (schedule === null) return null;
    const { nextDueAt } = schedule;
    const run = await this.begin(tx, { kind, dueAt: nextDueAt!, requestedBy: SCHEDULE_ACTOR });
    // One that was requested a moment ago decides until then, not until this turn: which comes after it.
    if (run === null && (await openRun(tx, kind)) !== null) return null;
    await saveSchedule(tx, { ...schedule, nextDueAt: nextTurn(schedule, now) });
    faultPoint('billing_run.before_start');
    return run;
  }

  private async begin(
    tx: Tx,
    wanted: { readonly kind: RunKind; readonly dueAt: Date; readonly requestedBy: string },
  ): Promise<Run | null> {
    const id = this.ids.uuid();
    const begun = await insertRun(tx, { ...wanted, id, startedAt: this.clock.now() });
    return begun ? findRun(tx, id) : null;
  }
}

class RunIsOver extends Error {}

/** For whoever reads the run: a code, never the text of an error, which may name what is the members'. The log has it. */
function reasonOf(error: unknown): string {
  if (error instanceof RefusalError) return error.failure.code;
  if (isLockTimeout(error)) return 'LOCK_TIMEOUT';
  if (isTransactionConflict(error)) return 'TRANSACTION_CONFLICT';
  return isDatabaseUnavailable(error) ? 'DATABASE_UNAVAILABLE' : 'UNEXPECTED';
}
