import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { JobRunner, UnitOfWork } from '@biplane/service-kit';
import { dunningTarget } from './domain/overdue.js';
import { Dunning } from './dunning.service.js';
import { Reminders } from './reminders.service.js';
import { RemindersStore, type Overdue } from './reminders.store.js';

const EVERY_MS = 1_000;
const TAKE = 100;
/** After this long a tenant's deployments are looked at again, and an invoice that failed is tried again. */
const AGAIN_MS = 10 * 60_000;
const REMEMBERED_MAX = 100_000;

/** Walks through what is overdue, by stored instants and the Clock. One that fails holds up no other. */
@Injectable()
export class RemindersJobs implements OnModuleInit {
  private readonly logger = new Logger('Reminders');
  private readonly restUntil = new Map<string, number>();

  constructor(
    private readonly jobs: JobRunner,
    private readonly unitOfWork: UnitOfWork,
    private readonly store: RemindersStore,
    private readonly reminders: Reminders,
    private readonly dunning: Dunning,
  ) {}

  onModuleInit(): void {
    this.jobs.register({ name: 'reminders', everyMs: EVERY_MS, run: (now) => this.remind(now) });
    this.jobs.register({ name: 'dunning', everyMs: EVERY_MS, run: (now) => this.dun(now) });
  }

  private async remind(now: Date): Promise<void> {
    let after: Overdue | null = null;
    for (;;) {
      const due: Overdue[] = await this.store.due(this.unitOfWork.reader, now, after, TAKE);
      for (const overdue of due) {
        const key = `invoice ${overdue.id}`;
        if (this.rests(key, now)) continue;
        if (!(await this.tried(key, () => this.reminders.remind(overdue)))) this.rest(key, now);
      }
      after = due[due.length - 1] ?? null;
      if (due.length < TAKE) return;
    }
  }

  /** What was enforced is looked at again at times only: an operator may have lifted a hold, or made a deployment. */
  private async dun(now: Date): Promise<void> {
    let after: string | null = null;
    for (;;) {
      const tenants = await this.store.overdueTenants(this.unitOfWork.reader, now, after, TAKE);
      for (const { tenantId, oldestDueAt } of tenants) {
        const key = `tenant ${tenantId} ${dunningTarget(oldestDueAt, now)}`;
        if (this.rests(key, now)) continue;
        await this.tried(key, () => this.dunning.enforce(tenantId));
        this.rest(key, now);
      }
      after = tenants[tenants.length - 1]?.tenantId ?? null;
      if (tenants.length < TAKE) return;
    }
  }

  private rests(key: string, now: Date): boolean {
    return (this.restUntil.get(key) ?? 0) > now.getTime();
  }

  private rest(key: string, now: Date): void {
    if (this.restUntil.size >= REMEMBERED_MAX) this.restUntil.clear();
    this.restUntil.set(key, now.getTime() + AGAIN_MS);
  }

  private async tried(key: string, work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      this.logger.error({ err: error, key }, 'failed, and is tried again later');
      return false;
    }
  }
}
