import { Inject, Injectable, Logger, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { Clock } from '@biplane/kernel';
import {
  Decider,
  forgetLimits,
  LIMITS_KEEP_MS,
  type LimitKey,
  type LimitPassed,
  type Refused,
  type UsageSource,
} from '@biplane/limits';
import { CLOCK, IDS, JobRunner, UnitOfWork, type Ids, type Tx } from '@biplane/service-kit';

/** What was counted, for the limits: by core-api itself, and by the homes as they last told. */
export interface LimitUsage extends UsageSource {
  /** Of a meter that the homes count. */
  lastKnown(tx: Tx, key: LimitKey): Promise<{ readonly used: string; readonly asOf: Date }>;
}

type Teller<Told> = (tx: Tx, told: Told) => Promise<void>;

const FORGET_MAX = 1_000;
const FORGET_TURNS_MAX = 200;
const HOUR_MS = 3_600_000;

/**
 * The one engine of limits of the control plane. Usage gives it the counts, violations hear of what it refuses and of
 * thresholds that are passed; each says so when it starts, so that no feature depends on another's order.
 */
@Injectable()
export class LimitEngine implements OnModuleInit, BeforeApplicationShutdown {
  readonly decider: Decider;
  private readonly logger = new Logger('LimitEngine');
  private readonly refusedTellers: Teller<Refused>[] = [];
  private readonly passedTellers: Teller<LimitPassed>[] = [];
  private usage: LimitUsage | null = null;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly jobs: JobRunner,
    @Inject(CLOCK) clock: Clock,
    @Inject(IDS) ids: Ids,
  ) {
    this.decider = new Decider({
      plane: 'control',
      unitOfWork,
      clock,
      ids,
      usageSource: { used: (tx, key, aggregation) => this.source().used(tx, key, aggregation) },
      otherPlane: (tx, key) => this.source().lastKnown(tx, key),
      onPassed: (tx, passed) => tellAll(this.passedTellers, tx, passed),
      onRefused: (tx, refused) => tellAll(this.refusedTellers, tx, refused),
      unavailableCode: 'ENTITLEMENT.UNAVAILABLE',
      onError: (err) => this.logger.warn({ err }, 'a check could not be answered from the counters'),
    });
  }

  onModuleInit(): void {
    const { decider } = this;
    this.jobs.register({
      name: 'limits-expire',
      everyMs: 1_000,
      run: (now) => this.unitOfWork.run(async (tx) => void (await decider.reservations.expire(tx, now))),
    });
    this.jobs.register({ name: 'limits-flush', everyMs: 1_000, run: () => decider.flush() });
    this.jobs.register({
      name: 'limits-forget',
      everyMs: HOUR_MS,
      run: (now) => this.forget(now),
    });
  }

  /** A flood of denials is forgotten as fast as it came: by turns until little is left. */
  private async forget(now: Date): Promise<void> {
    const before = new Date(now.getTime() - LIMITS_KEEP_MS);
    for (let turn = 0; turn < FORGET_TURNS_MAX; turn += 1) {
      const forgotten = await this.unitOfWork.run(
        async (tx) =>
          (await forgetLimits(tx, now, FORGET_MAX)) + (await this.decider.log.forget(tx, before, FORGET_MAX)),
      );
      if (forgotten < FORGET_MAX) return;
    }
  }

  /** What was admitted and not stored yet is stored before the process ends. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.decider.flush().catch((err: unknown) => this.logger.error({ err }, 'counts of decisions are lost'));
  }

  usageFrom(usage: LimitUsage): void {
    if (this.usage !== null) throw new Error('The limits have their counts already');
    this.usage = usage;
  }

  /** The last known total of a meter that the homes count. */
  lastKnown(tx: Tx, key: LimitKey): Promise<{ readonly used: string; readonly asOf: Date }> {
    return this.source().lastKnown(tx, key);
  }

  /** In the transaction that records the refusal. */
  onRefused(teller: Teller<Refused>): void {
    this.refusedTellers.push(teller);
  }

  /** Once a window for each share of a cap, in the transaction that counted. */
  onPassed(teller: Teller<LimitPassed>): void {
    this.passedTellers.push(teller);
  }

  private source(): LimitUsage {
    if (this.usage === null) throw new Error('Nobody tells what was used');
    return this.usage;
  }
}

async function tellAll<Told>(tellers: readonly Teller<Told>[], tx: Tx, told: Told): Promise<void> {
  for (const teller of tellers) await teller(tx, told);
}
