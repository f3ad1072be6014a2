import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { RefusalError, type Clock } from '@biplane/kernel';
import { CLOCK, faultPoint, JobRunner, UnitOfWork } from '@biplane/service-kit';
import { Audit, jobActor } from '../audit/index.js';
import { isOnOldVersion, type PlanMigration } from './domain/plan-migration.js';
import { PlanChanges } from './plan-changes.service.js';
import { PlanMigrationsStore } from './plan-migrations.store.js';
import { SubscriptionErrors } from './subscriptions.errors.js';

const CHUNK = 100;
const ENDED = SubscriptionErrors.ENDED({ detail: '' }).code;

/**
 * Carries migrations out, in chunks and each subscription in its own transaction with its license: what cannot be moved is
 * parked with its reason and stops no other. Killed anywhere it goes on where it was: what was moved is found no more.
 */
@Injectable()
export class PlanMigrationsJobs implements OnModuleInit {
  private readonly logger = new Logger('PlanMigrationsJobs');

  constructor(
    private readonly jobs: JobRunner,
    private readonly unitOfWork: UnitOfWork,
    private readonly store: PlanMigrationsStore,
    private readonly planChanges: PlanChanges,
    private readonly audit: Audit,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.jobs.register({ name: 'plan-migrations', everyMs: 1_000, run: () => this.run() });
  }

  private async run(): Promise<void> {
    for (const migration of await this.store.running(this.unitOfWork.reader)) await this.carryOut(migration);
  }

  private async carryOut(migration: PlanMigration): Promise<void> {
    let { afterId } = migration;
    for (;;) {
      const tx = this.unitOfWork.reader;
      const ids: string[] = await this.store.candidates(tx, migration, this.clock.now(), afterId, CHUNK);
      for (const id of ids) {
        await this.moveOrPark(migration, id);
        faultPoint('plan_migration_between');
      }
      const last = ids.at(-1);
      if (last === undefined) break;
      afterId = last;
      await this.unitOfWork.run((own) => this.store.saveProgress(own, migration.id, last));
    }
    await this.end(migration);
  }

  private async moveOrPark(migration: PlanMigration, subscriptionId: string): Promise<void> {
    try {
      await this.move(migration, subscriptionId);
    } catch (error) {
      const failure = error instanceof RefusalError ? error.failure : null;
      if (failure?.code === ENDED) return this.skip(migration, subscriptionId);
      if (failure === null) this.logger.error({ err: error, subscriptionId }, 'a subscription could not be migrated');
      const { code, detail } = failure ?? {
        code: 'SERVICE.INTERNAL',
        detail: 'It failed unexpectedly; the log says why',
      };
      const parked = { subscriptionId, code, detail, at: this.clock.now() };
      await this.unitOfWork.run((tx) => this.store.park(tx, migration.id, parked));
    }
  }

  private move(migration: PlanMigration, subscriptionId: string): Promise<void> {
    return this.unitOfWork.run(async (tx) => {
      const held = await this.planChanges.hold(tx, subscriptionId);
      // Another replica may have been faster, or somebody chose another plan meanwhile.
      if (!isOnOldVersion(held.subscription.plans, migration)) return;
      const { planCode, toVersion, reason } = migration;
      // A change that still waits goes on waiting: what was sold until then is not taken back.
      const waits = held.subscription.plans.at(-1)!.entitledFrom > held.now;
      const mode = waits ? 'next_period' : migration.effective;
      const actor = { id: migration.actor, requestId: null };
      await this.planChanges.decide(tx, held, { planCode, version: toVersion, mode, reason }, actor);
      await this.store.countMigrated(tx, migration.id);
    });
  }

  private skip(migration: PlanMigration, subscriptionId: string): Promise<void> {
    return this.unitOfWork.run((tx) => this.store.skip(tx, migration.id, subscriptionId));
  }

  private async end(migration: PlanMigration): Promise<void> {
    await this.unitOfWork.run(async (tx) => {
      if (!(await this.store.end(tx, migration.id, this.clock.now()))) return;
      const { planCode, toVersion } = migration;
      const ended = await this.store.find(tx, migration.id);
      await this.audit.record(tx, {
        actor: jobActor('plan-migrations'),
        action: 'plan_version.migration_ended',
        object: { type: 'plan_version', id: `${planCode}/${toVersion}` },
        after: { migrationId: migration.id, migrated: ended?.migrated, skipped: ended?.skipped },
      });
    });
  }
}
