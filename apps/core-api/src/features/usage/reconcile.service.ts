import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import type { Period } from '@biplane/billing-calendar';
import type { Clock } from '@biplane/kernel';
import type { Adjustment } from '@biplane/limits';
import { CLOCK, IDS, JobRunner, UnitOfWork, type Ids, type Tx } from '@biplane/service-kit';
import { Audit, jobActor, type Actor } from '../audit/index.js';
import { DeploymentsService } from '../deployments/index.js';
import { PresentLicenses } from '../licenses/index.js';
import { LimitEngine } from '../limits/index.js';
import { CompletenessService, type StandingHour } from './completeness.service.js';
import { ControlUsage } from './control-usage.service.js';
import type { CounterAdjustmentDto, HomeGapsDto, ReconciliationDto, UsageAdjustmentDto } from './reconcile.dto.js';
import { ReconcileStore, type RecountedWindow } from './reconcile.store.js';

/** As far back as usage may arrive. */
const LOOK_BACK_MS = 36 * 24 * 3_600_000;
const EVERY_MS = 3_600_000;
const NEW_EVERY_MS = 1_000;
/** Windows that one run sets right: more is no drift but a disaster, and the next run goes on. */
const WINDOWS_MAX = 1_000;

/**
 * Counts again what core-api counts itself, from the log, and sets it right by signed, audited adjustments. What the homes
 * count is theirs to recount: here it is compared with what they closed, and the gaps are told.
 */
@Injectable()
export class Reconciliation implements OnModuleInit {
  private readonly logger = new Logger('Reconciliation');

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: ReconcileStore,
    private readonly control: ControlUsage,
    private readonly limits: LimitEngine,
    private readonly licenses: PresentLicenses,
    private readonly deployments: DeploymentsService,
    private readonly completeness: CompletenessService,
    private readonly audit: Audit,
    private readonly jobs: JobRunner,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: Ids,
  ) {}

  onModuleInit(): void {
    this.jobs.register({
      name: 'usage-reconcile',
      everyMs: EVERY_MS,
      run: async () => {
        const { windowsAdjusted, countersAdjusted } = await this.reconcile(jobActor('usage-reconcile'));
        if (windowsAdjusted.length + countersAdjusted.length === 0) return;
        this.logger.warn({ windowsAdjusted, countersAdjusted }, 'totals were not what their log comes to');
      },
    });
    this.jobs.register({ name: 'usage-recount-new', everyMs: NEW_EVERY_MS, run: (now) => this.recountNew(now) });
  }

  /** Counters of limits that a license has got: usage that was being stored by the license before is missing there. */
  async recountNew(now: Date): Promise<void> {
    const { decider } = this.limits;
    const actor = jobActor('usage-recount-new');
    await this.unitOfWork.run(async (tx) => {
      const adjustments = await decider.newLimits.recount(tx, now);
      for (const adjustment of adjustments) {
        const license = await this.licenses.of(tx, adjustment.key.deploymentId);
        await this.recordCounter(tx, adjustment, license?.tenantId ?? null, actor);
      }
    });
  }

  async reconcile(actor: Actor): Promise<ReconciliationDto> {
    const now = this.clock.now();
    const period = { from: new Date(now.getTime() - LOOK_BACK_MS), to: new Date(now.getTime() + EVERY_MS) };
    const tx = this.unitOfWork.reader;
    const windowsAdjusted: UsageAdjustmentDto[] = [];
    for (const differing of await this.store.differing(tx, period, WINDOWS_MAX)) {
      const adjusted = await this.adjust(differing, actor, now);
      if (adjusted !== null) windowsAdjusted.push(adjusted);
    }
    const counted = await this.store.counted(tx, period);
    const countersAdjusted: CounterAdjustmentDto[] = [];
    for (const meter of counted) countersAdjusted.push(...(await this.recountLimits(meter, actor, now)));
    return {
      from: period.from.toISOString(),
      to: period.to.toISOString(),
      windowsChecked: counted.reduce((sum, { windows }) => sum + windows, 0),
      windowsAdjusted,
      countersAdjusted,
      windowsWithoutHistory: await this.store.withoutHistory(tx, period),
      homes: await this.gaps({ from: period.from, to: now }),
    };
  }

  private adjust(window: RecountedWindow, actor: Actor, now: Date): Promise<UsageAdjustmentDto | null> {
    return this.unitOfWork.run(async (tx) => {
      const found = await this.store.recount(tx, window);
      if (found === null) return null;
      const { deploymentId, meter, windowStart, before, after } = found;
      const id = this.ids.uuid();
      await this.store.correct(tx, found, { id, actor: actor.id, now });
      await this.control.corrected(tx, found, now);
      const owner = (await this.deployments.findMany(tx, [deploymentId])).get(deploymentId);
      await this.audit.record(tx, {
        actor,
        action: 'usage.adjusted',
        object: { type: 'usage_adjustment', id },
        tenantId: owner?.tenantId ?? null,
        before: { deploymentId, meter, windowStart, quantity: before },
        after: { quantity: after },
        reason: 'recounted from the log',
      });
      return { id, deploymentId, meter, windowStart: windowStart.toISOString(), before, after };
    });
  }

  private recountLimits(
    { deploymentId, meter }: { readonly deploymentId: string; readonly meter: string },
    actor: Actor,
    now: Date,
  ): Promise<CounterAdjustmentDto[]> {
    const { decider } = this.limits;
    return this.unitOfWork.run(async (tx) => {
      const license = await this.licenses.of(tx, deploymentId);
      if (!license?.claims) return [];
      const adjusted: CounterAdjustmentDto[] = [];
      for (const key of decider.keysOf(license.claims, meter, now)) {
        const adjustment = await decider.counters.recount(tx, key, now);
        if (adjustment === null) continue;
        const { before, after, used } = adjustment;
        const window = key.window ?? 'level';
        adjusted.push({ deploymentId, meter, window, before: before.used, after: after.used, difference: used });
        await this.recordCounter(tx, adjustment, license.tenantId, actor);
      }
      return adjusted;
    });
  }

  private async recordCounter(
    tx: Tx,
    { key, before, after, used }: Adjustment,
    tenantId: string | null,
    actor: Actor,
  ): Promise<void> {
    await this.audit.record(tx, {
      actor,
      action: 'limit_counter.adjusted',
      object: { type: 'limit_counter', id: `${key.deploymentId}/${key.meter}/${key.window ?? 'level'}` },
      tenantId,
      before,
      after: { ...after, difference: used },
      reason: 'recounted from the windows',
    });
  }

  private async gaps(period: Period): Promise<HomeGapsDto[]> {
    const tx = this.unitOfWork.reader;
    const hours = await this.completeness.hours(tx, period);
    const lacking = new Map((await this.store.lacking(tx, period)).map((row) => [row.homeId, row]));
    const homes = new Map<string, StandingHour[]>();
    for (const hour of hours) homes.set(hour.homeId, [...(homes.get(hour.homeId) ?? []), hour]);
    return [...homes].flatMap(([homeId, own]) => {
      const missing = own.filter(({ state }) => state === 'missing');
      const mismatched = own.filter(({ state }) => state === 'mismatched');
      if (missing.length + mismatched.length === 0) return [];
      const { closed = 0, held = 0 } = lacking.get(homeId) ?? {};
      return [
        {
          homeId,
          region: own[0]!.region,
          hoursNeverClosed: missing.length,
          hoursMismatched: mismatched.length,
          windowsClosed: closed,
          windowsHeld: held,
          firstHour: [...missing, ...mismatched].map(({ hour }) => hour.toISOString()).sort()[0]!,
        },
      ];
    });
  }
}
