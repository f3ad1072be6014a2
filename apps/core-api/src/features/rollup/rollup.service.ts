import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { RefusalError, type Clock } from '@biplane/kernel';
import { CLOCK, IDS, UnitOfWork, type Ids, type Tx } from '@biplane/service-kit';
import { Audit, type Actor } from '../audit/index.js';
import type { Tally } from './domain/tally.js';
import { RollupErrors } from './rollup.errors.js';
import { RollupPlan } from './rollup-plan.js';
import type { Asked } from './rollup-pricing.js';
import { RollupStore, type NewRun, type Parked, type Run } from './rollup.store.js';
import { RollupWork } from './rollup-work.js';

/** How long a request waits for its run; then it is answered with where the run is, which goes on. */
const WAIT_MS = 20_000;
const POLL_MS = 50;
const BROKEN_MS = 1_000;
/** Below the 30 s after which the server ends a transaction that idles. */
const BEAT_MS = 10_000;
const LOCK_MS_MAX = 24 * 3_600_000;
/** Parked tenants that an answer names; the list of those that stand parked has all. */
export const PARKED_SHOWN = 1_000;

/** Begins runs and carries them on, one at a time in all processes together. */
@Injectable()
export class Rollups implements OnModuleDestroy {
  private readonly logger = new Logger('Rollup');
  private working: Promise<void> | null = null;
  private rehearsing: Promise<unknown> = Promise.resolve();
  private stopping = false;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: RollupStore,
    private readonly plan: RollupPlan,
    private readonly work: RollupWork,
    private readonly audit: Audit,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: Ids,
  ) {}

  /** The chunk in flight is finished; the next process carries the run on. */
  onModuleDestroy(): void {
    this.stopping = true;
  }

  /** Runs a month's roll-up for whoever asks. Behind another one it waits its turn, and then finds that one's invoices. */
  async demand(month: string, force: boolean, actor: Actor): Promise<Run> {
    const until = performance.now() + WAIT_MS;
    const expected = await this.plan.tenantCount();
    const id = this.ids.uuid();
    while (
      !(await this.begin(
        { id, month, trigger: 'demand', force, actor: actor.id, at: this.clock.now(), expected },
        actor,
      ))
    ) {
      const open = await this.store.open(this.unitOfWork.reader);
      if (performance.now() >= until) throw busy(open);
      await this.proceedFor(until);
    }
    for (;;) {
      await this.proceedFor(until);
      const run = (await this.store.find(this.unitOfWork.reader, id))!;
      if (run.endedAt !== null || this.stopping || performance.now() >= until) return run;
    }
  }

  /** False when another run is open. `also` is done in the same transaction, and undone when it says no. */
  async begin(run: NewRun, actor: Actor, also?: (tx: Tx) => Promise<boolean>): Promise<boolean> {
    const no = new Error('not begun');
    try {
      await this.unitOfWork.run(async (tx) => {
        if (also !== undefined && !(await also(tx))) throw no;
        if (!(await this.store.begin(tx, run))) throw no;
        const { id, month, trigger, force, expected } = run;
        await this.audit.record(tx, {
          actor,
          action: 'rollup.started',
          object: { type: 'rollup', id },
          after: { month, trigger, force, tenants: expected },
        });
      });
      return true;
    } catch (error) {
      if (error === no) return false;
      throw error;
    }
  }

  /** Works on the open run, unless another process does. */
  proceed(): Promise<void> {
    this.working ??= this.underLock().finally(() => (this.working = null));
    return this.working;
  }

  /** What a run on demand would come to now. Nothing is stored; one is computed at a time. */
  rehearse(month: string, force: boolean, actor: Actor): Promise<{ at: Date; tally: Tally; parked: Parked[] }> {
    const at = this.clock.now();
    const asked: Asked = { month, at, trigger: 'demand', force };
    const rehearsal = this.rehearsing.then(async () => ({
      at,
      ...(await this.work.rehearse(asked, actor, PARKED_SHOWN)),
    }));
    this.rehearsing = rehearsal.catch(() => undefined);
    return rehearsal;
  }

  async show(tx: Tx, id: string): Promise<Run> {
    const run = await this.store.find(tx, id);
    if (run === null) throw new RefusalError(RollupErrors.NOT_FOUND({ detail: `There is no roll-up ${id}` }));
    return run;
  }

  /** The lock is a transaction's that does nothing else: it ends with this process, however that ends. */
  private async underLock(): Promise<void> {
    await this.unitOfWork.run(
      async (lock) => {
        if (!(await this.store.tryLock(lock))) return;
        let beating: Promise<void> = Promise.resolve();
        // Without its lock the run is still whole: whoever comes second finds the progress moved and stands back.
        const beat = setInterval(() => {
          beating = this.store.beat(lock).catch(() => undefined);
        }, BEAT_MS);
        try {
          const run = await this.store.open(this.unitOfWork.reader);
          if (run !== null) await this.work.carryOn(run, { id: run.actor, requestId: null }, () => this.stopping);
        } finally {
          clearInterval(beat);
          await beating;
        }
      },
      { timeoutMs: LOCK_MS_MAX, attemptsMax: 1 },
    );
  }

  /** Until the open run is over, or the time is. A run that outlasts the wait goes on, and one that broke off is carried on. */
  private async proceedFor(until: number): Promise<void> {
    let restMs = POLL_MS;
    const working = this.proceed().catch((error: unknown) => {
      this.logger.error({ err: error }, 'the roll-up broke off and is carried on');
      restMs = BROKEN_MS;
    });
    let timer: NodeJS.Timeout | undefined;
    const timeUp = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, Math.max(0, until - performance.now()));
    });
    await Promise.race([working, timeUp]);
    clearTimeout(timer);
    // Another process may be at it: then there is nothing to wait for but the end.
    await new Promise((resolve) => setTimeout(resolve, restMs));
  }
}

function busy(open: Run | null): RefusalError {
  const detail = open === null ? 'Another roll-up was running' : `The roll-up of ${open.month} is running`;
  return new RefusalError(
    RollupErrors.BUSY({ detail, members: { rollupId: open?.id ?? null }, retryAfterSeconds: 30 }),
  );
}
