import { Inject, Injectable } from '@nestjs/common';
import { RefusalError, type Clock, type MoneyJson } from '@biplane/kernel';
import { CLOCK, IDS, UnitOfWork, type Ids, type Tx } from '@biplane/service-kit';
import { Audit, type Actor } from '../audit/index.js';
import { PlansService } from '../catalog/index.js';
import { versionsLeft, type MigrationEffect, type MigrationMode, type PlanMigration } from './domain/plan-migration.js';
import { PlanChangePreviews } from './plan-change-previews.service.js';
import { PlanMigrationErrors } from './plan-migrations.errors.js';
import { PlanMigrationsStore, type ParkedSubscription } from './plan-migrations.store.js';

export interface MigrationRequest {
  readonly mode: MigrationMode;
  readonly from?: readonly number[] | undefined;
  readonly effective?: MigrationEffect | undefined;
  readonly reason: string;
}

/** What the next month of one subscription would come to, or why it would be parked. */
export interface SampledSubscription {
  readonly subscriptionId: string;
  readonly before: MoneyJson | null;
  readonly after: MoneyJson | null;
  readonly refusal: string | null;
}

export interface MigrationPreview {
  readonly fromVersions: readonly number[];
  readonly matched: number;
  readonly sample: readonly SampledSubscription[];
}

export interface ShownMigration extends PlanMigration {
  readonly parkedCount: number;
  readonly parked: readonly ParkedSubscription[];
}

const SAMPLE = 10;
const PARKED_SHOWN = 100;

/** Decides that what was sold under older versions of a plan stays, or moves to this one; a job moves it. */
@Injectable()
export class PlanMigrations {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: PlanMigrationsStore,
    private readonly plans: PlansService,
    private readonly previews: PlanChangePreviews,
    private readonly audit: Audit,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: Ids,
  ) {}

  /** The same one again while it runs; once it is done, a further one finds only what is left. */
  start(planCode: string, toVersion: number, request: MigrationRequest, actor: Actor): Promise<ShownMigration> {
    return this.unitOfWork.run(async (tx) => {
      const { mode, effective = 'next_period', reason } = request;
      const fromVersions = await this.left(tx, planCode, toVersion, request);
      const now = this.clock.now();
      const migration: PlanMigration = {
        id: this.ids.uuid(),
        planCode,
        toVersion,
        fromVersions,
        mode,
        effective,
        reason,
        actor: actor.id,
        state: mode === 'grandfather' ? 'done' : 'running',
        afterId: null,
        matched: await this.store.countCandidates(tx, { planCode, fromVersions }, now),
        migrated: 0,
        skipped: 0,
        createdAt: now,
        endedAt: mode === 'grandfather' ? now : null,
      };
      if (!(await this.store.insert(tx, migration))) return this.sameOrRefuse(tx, migration);
      await this.audit.record(tx, {
        actor,
        action: mode === 'grandfather' ? 'plan_version.grandfathered' : 'plan_version.migration_started',
        object: { type: 'plan_version', id: `${planCode}/${toVersion}` },
        after: { migrationId: migration.id, fromVersions, effective, matched: migration.matched },
        reason,
      });
      return this.shown(tx, migration);
    });
  }

  /** How many it would move, and what the first of them would pay; nothing is changed. */
  async preview(
    planCode: string,
    toVersion: number,
    request: MigrationRequest,
    actor: Actor,
  ): Promise<MigrationPreview> {
    const tx = this.unitOfWork.reader;
    const fromVersions = await this.left(tx, planCode, toVersion, request);
    const now = this.clock.now();
    const matched = await this.store.countCandidates(tx, { planCode, fromVersions }, now);
    const sample: SampledSubscription[] = [];
    if (request.mode === 'migrate') {
      const change = { planCode, version: toVersion, mode: request.effective ?? 'next_period', reason: request.reason };
      for (const id of await this.store.candidates(tx, { planCode, fromVersions }, now, null, SAMPLE)) {
        sample.push(await this.sampled(id, change, actor));
      }
    }
    return { fromVersions, matched, sample };
  }

  async get(id: string): Promise<ShownMigration> {
    const tx = this.unitOfWork.reader;
    const migration = await this.store.find(tx, id);
    if (!migration) throw new RefusalError(PlanMigrationErrors.NOT_FOUND({ detail: `There is no migration ${id}` }));
    return this.shown(tx, migration);
  }

  private async sampled(
    subscriptionId: string,
    change: Parameters<PlanChangePreviews['preview']>[1],
    actor: Actor,
  ): Promise<SampledSubscription> {
    try {
      const { months } = await this.previews.preview(subscriptionId, change, actor);
      const next = months.at(-1)!;
      return { subscriptionId, before: next.before.total, after: next.after.total, refusal: null };
    } catch (error) {
      if (!(error instanceof RefusalError)) throw error;
      return { subscriptionId, before: null, after: null, refusal: error.failure.code };
    }
  }

  private async left(tx: Tx, code: string, to: number, { from }: MigrationRequest): Promise<readonly number[]> {
    await this.plans.publishedVersion(tx, code, to);
    const versions = versionsLeft(from, await this.plans.versionsSold(tx, code), to);
    if (versions.length > 0) return versions;
    const detail = `No version of "${code}" is left behind for version ${to}`;
    throw new RefusalError(PlanMigrationErrors.NOTHING_LEFT({ detail }));
  }

  private async sameOrRefuse(tx: Tx, wanted: PlanMigration): Promise<ShownMigration> {
    const running = await this.store.runningOf(tx, wanted.planCode);
    const isSame =
      running?.toVersion === wanted.toVersion &&
      running.effective === wanted.effective &&
      running.fromVersions.join() === wanted.fromVersions.join();
    if (running && isSame) return this.shown(tx, running);
    const members = { migrationId: running?.id ?? null };
    throw new RefusalError(
      PlanMigrationErrors.RUNNING({ detail: `Another migration of "${wanted.planCode}" is running`, members }),
    );
  }

  private async shown(tx: Tx, migration: PlanMigration): Promise<ShownMigration> {
    return {
      ...migration,
      parkedCount: await this.store.countParked(tx, migration.id),
      parked: await this.store.parked(tx, migration.id, PARKED_SHOWN),
    };
  }
}
