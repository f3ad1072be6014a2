import { Inject, Injectable, Logger } from '@nestjs/common';
import { RefusalError, type Clock } from '@biplane/kernel';
import { CLOCK, faultPoint, isDatabaseUnavailable, UnitOfWork } from '@biplane/service-kit';
import type { Actor } from '../audit/index.js';
import { bisect } from './domain/bisect.js';
import { nextDueAt } from './domain/schedule.js';
import { add, NOTHING, waitingTotal, type Tally } from './domain/tally.js';
import { RollupIssuing } from './rollup-issuing.js';
import { RollupMetrics } from './rollup.metrics.js';
import { RollupMonthsStore } from './rollup-months.store.js';
import { RollupPlan } from './rollup-plan.js';
import { refused, RollupPricing, tallyOf, UNEXPECTED, type Asked, type Decided } from './rollup-pricing.js';
import { RollupStore, type Parked, type Run } from './rollup.store.js';

/** A run that was left for longer is ended: what it would date back that far, the next run issues under its own date. */
const AGE_MS_MAX = 3_600_000;
/** So many in a row that failed for an unforeseen reason are no fault of theirs: the run stops before it parks everybody. */
const UNEXPECTED_MAX = 50;
const CHUNK_MS_MAX = 120_000;
/** Something happened to the invoice already, or a later one corrects it: it is left as it is. */
const NOT_VOIDABLE = 'INVOICE.NOT_VOIDABLE';

/** Somebody else has moved the run on, or ended it. */
class Overtaken extends Error {}
class Systemic extends Error {}

/** Where a run stands, as its last commit left it. */
interface Progress {
  readonly run: Run;
  cursor: string | null;
  tally: Tally;
  unexpectedInRow: number;
}

/** Carries a run on from where it stands. Whoever does it, and however often it was killed, the run comes to the same. */
@Injectable()
export class RollupWork {
  private readonly logger = new Logger('Rollup');

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: RollupStore,
    private readonly months: RollupMonthsStore,
    private readonly plan: RollupPlan,
    private readonly pricing: RollupPricing,
    private readonly issuing: RollupIssuing,
    private readonly metrics: RollupMetrics,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Returns when the run has ended, or `isStopping` says so between two chunks. */
  async carryOn(run: Run, actor: Actor, isStopping: () => boolean): Promise<void> {
    const progress: Progress = { run, cursor: run.cursor, tally: run.tally, unexpectedInRow: 0 };
    try {
      for await (const decided of this.decisions(run, run.cursor)) {
        if (isStopping()) return;
        if (this.clock.now().getTime() - run.at.getTime() > AGE_MS_MAX) {
          return await this.end(
            progress,
            'interrupted',
            'It was left for more than an hour: the next run does the rest',
          );
        }
        await this.settle(progress, decided, actor);
        faultPoint('rollup.after_chunk');
      }
      await this.end(progress, 'succeeded', null);
    } catch (error) {
      if (error instanceof Overtaken) return;
      if (!(error instanceof Systemic)) throw error;
      await this.end(progress, 'failed', error.message);
    }
  }

  /** What a run would come to, and at most `parkedMax` of those whom it would park. Nothing is stored. */
  async rehearse(asked: Asked, actor: Actor, parkedMax: number): Promise<{ tally: Tally; parked: Parked[] }> {
    let tally = NOTHING;
    const parked: Parked[] = [];
    const tried = async (decided: readonly Decided[]): Promise<void> => {
      const settled = await this.undone(asked, decided, actor);
      tally = add(tally, tallyOf(settled));
      parked.push(...settled.filter((each) => each.kind === 'park').slice(0, parkedMax - parked.length));
    };
    for await (const decided of this.decisions(asked, null)) {
      await bisect(decided, tried, (each, error) => tried([this.without(each, error)]), isDatabaseUnavailable);
    }
    return { tally, parked };
  }

  /** All of it as it would be stored, and rolled back. */
  private async undone(asked: Asked, decided: readonly Decided[], actor: Actor): Promise<readonly Decided[]> {
    const rollBack = new Error('a dry run');
    let settled: readonly Decided[] = [];
    try {
      await this.unitOfWork.run(
        async (tx) => {
          settled = await this.issuing.issue(tx, asked, decided, actor);
          throw rollBack;
        },
        { timeoutMs: CHUNK_MS_MAX },
      );
    } catch (error) {
      if (error !== rollBack) throw error;
    }
    return settled;
  }

  /** Chunk by chunk what is decided of each tenant: the next one is priced while this one is stored. */
  private async *decisions(asked: Asked, cursor: string | null): AsyncGenerator<Decided[]> {
    let ahead: Promise<Decided[]> | null = null;
    for await (const chunk of this.plan.chunks(asked.month, asked.force, cursor)) {
      const decided = this.pricing.decide(chunk, asked);
      // It is told when its turn comes; until then nobody waits for it.
      decided.catch(() => undefined);
      if (ahead !== null) yield await ahead;
      ahead = decided;
    }
    if (ahead !== null) yield await ahead;
  }

  /** One transaction; when it fails, one for each half, down to the tenant that it fails for, who is parked. */
  private async settle(progress: Progress, decided: readonly Decided[], actor: Actor): Promise<void> {
    await bisect(
      decided,
      (some) => this.commit(progress, some, actor),
      (each, error) => this.commit(progress, [this.without(each, error)], actor),
      (error) => error instanceof Overtaken || error instanceof Systemic || isDatabaseUnavailable(error),
    );
  }

  /** What is left to be said of a tenant whom this was thrown at. */
  private without({ tenantId }: Decided, error: unknown): Decided {
    if (!(error instanceof RefusalError)) return this.pricing.unexpected(tenantId, error);
    if (error.failure.code === NOT_VOIDABLE) return { kind: 'skip', tenantId, reason: 'NOT_REPLACEABLE' };
    return refused(tenantId, error.failure);
  }

  /** Invoices, who is parked, and how far the run is: all or nothing. */
  private async commit(progress: Progress, decided: readonly Decided[], actor: Actor): Promise<void> {
    const { run, cursor, tally: before } = progress;
    insistOnSense(progress, decided);
    const upTo = decided.at(-1)!.tenantId;
    const sum = await this.unitOfWork.run(
      async (tx) => {
        const settled = await this.issuing.issue(tx, run, decided, actor);
        faultPoint('rollup.after_issue');
        const now = this.clock.now();
        await this.store.resolveParked(tx, run.month, cursor, upTo, now);
        const parked = settled.filter((each) => each.kind === 'park');
        if (parked.length > 0) await this.store.park(tx, run, parked, now);
        const tally = add(before, tallyOf(settled));
        if (!(await this.store.advance(tx, run.id, cursor, upTo, tally))) throw new Overtaken();
        faultPoint('rollup.before_commit');
        return tally;
      },
      { timeoutMs: CHUNK_MS_MAX },
    );
    this.metrics.settled(before, sum);
    progress.cursor = upTo;
    progress.tally = sum;
    for (const each of decided) {
      if (each.kind === 'issue') progress.unexpectedInRow = 0;
      else if (isUnexpected(each)) progress.unexpectedInRow += 1;
    }
  }

  private async end(
    { run, tally }: Progress,
    state: 'succeeded' | 'failed' | 'interrupted',
    reason: string | null,
  ): Promise<void> {
    const now = this.clock.now();
    await this.unitOfWork.run(async (tx) => {
      if (!(await this.store.end(tx, run.id, state, reason, now))) return;
      const isUnfinished = state !== 'succeeded' || tally.parked + waitingTotal(tally) > 0;
      if (!isUnfinished) await this.months.relax(tx, run.month, nextDueAt(run.month, false, now));
    });
    const { month, id } = run;
    const { examined, issued, parked, skipped } = tally;
    const said = { rollupId: id, month, state, reason, examined, issued, parked, skipped };
    if (state === 'succeeded') this.logger.log(said, 'the roll-up has ended');
    else this.logger.error(said, 'the roll-up stopped');
  }
}

/** Thrown before anybody is parked by it: the next run looks at these tenants again. */
function insistOnSense({ unexpectedInRow }: Progress, decided: readonly Decided[]): void {
  let inRow = unexpectedInRow;
  for (const each of decided) {
    if (each.kind === 'issue') inRow = 0;
    else if (isUnexpected(each) && (inRow += 1) >= UNEXPECTED_MAX) {
      throw new Systemic(
        `${UNEXPECTED_MAX} tenants in a row failed for an unforeseen reason, the last with: ${each.detail}`,
      );
    }
  }
}

function isUnexpected(each: Decided): each is Decided & { readonly kind: 'park' } {
  return each.kind === 'park' && each.code === UNEXPECTED;
}
