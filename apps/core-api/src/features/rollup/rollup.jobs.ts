import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { IDS, JobRunner, UnitOfWork, type Ids } from '@biplane/service-kit';
import { jobActor } from '../audit/index.js';
import { monthsToOpen, nextDueAt, putOff, turnOf } from './domain/schedule.js';
import { RollupMetrics } from './rollup.metrics.js';
import { RollupMonthsStore, type DueMonth } from './rollup-months.store.js';
import { RollupPlan } from './rollup-plan.js';
import { Rollups } from './rollup.service.js';
import { RollupStore } from './rollup.store.js';

const TURN_MS = 1_000;
const METRICS_MS = 10_000;
const ACTOR = jobActor('rollup');

/** Opens months, begins the runs that are due, and carries on what a process left that is no more. */
@Injectable()
export class RollupJobs implements OnModuleInit {
  /** The newest month that was opened, as far as this process knows. */
  private newest: string | null = null;

  constructor(
    private readonly jobs: JobRunner,
    private readonly unitOfWork: UnitOfWork,
    private readonly store: RollupStore,
    private readonly months: RollupMonthsStore,
    private readonly plan: RollupPlan,
    private readonly rollups: Rollups,
    private readonly metrics: RollupMetrics,
    @Inject(IDS) private readonly ids: Ids,
  ) {}

  onModuleInit(): void {
    this.jobs.register({ name: 'rollup', everyMs: TURN_MS, run: (now) => this.turn(now) });
    this.jobs.register({ name: 'rollup-metrics', everyMs: METRICS_MS, run: (now) => this.measure(now) });
  }

  async turn(now: Date): Promise<void> {
    await this.open(now);
    for (const due of await this.months.due(this.unitOfWork.reader, now)) {
      if (turnOf(due.nextDueAt, now) === 'missed') await this.putOff(due, now);
      else if (await this.begin(due, now)) break;
    }
    if ((await this.store.open(this.unitOfWork.reader)) !== null) await this.rollups.proceed();
  }

  private async open(now: Date): Promise<void> {
    const tx = this.unitOfWork.reader;
    this.newest ??= await this.months.newest(tx);
    for (const month of monthsToOpen(this.newest, now)) {
      await this.months.open(tx, month);
      this.newest = month;
    }
  }

  private putOff({ month, nextDueAt: from }: DueMonth, now: Date): Promise<boolean> {
    return this.months.setNext(this.unitOfWork.reader, month, from, putOff(now));
  }

  private async begin({ month, nextDueAt: from }: DueMonth, now: Date): Promise<boolean> {
    const expected = await this.plan.tenantCount();
    const run = {
      id: this.ids.uuid(),
      month,
      trigger: 'schedule',
      force: false,
      actor: ACTOR.id,
      at: now,
      expected,
    } as const;
    return this.rollups.begin(run, ACTOR, (tx) => this.months.setNext(tx, month, from, nextDueAt(month, true, now)));
  }

  private async measure(now: Date): Promise<void> {
    const tx = this.unitOfWork.reader;
    const [open, due] = [await this.store.open(tx), await this.months.due(tx, now)];
    const since = due.map(({ nextDueAt: at }) => at.getTime());
    const dueSince = since.length === 0 ? null : new Date(Math.min(...since));
    this.metrics.standing(await this.store.standingCount(tx), open?.at ?? null, dueSince, now);
  }
}
