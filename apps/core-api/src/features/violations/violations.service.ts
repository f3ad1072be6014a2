import { Inject, Injectable } from '@nestjs/common';
import { calendarMonth, monthOf } from '@biplane/billing-calendar';
import { RefusalError, type Clock } from '@biplane/kernel';
import { CLOCK, IDS, principalMayRead, UnitOfWork, type Ids, type Principal, type Tx } from '@biplane/service-kit';
import { Audit, type Actor } from '../audit/index.js';
import { PlatformEvents } from '../events/index.js';
import { SubscriptionsService } from '../subscriptions/index.js';
import { mergeViolation, severityOf, worst, type ViolationState } from './domain/violation.js';
import { ViolationMetrics } from './violation-metrics.js';
import type { Violation, ViolationFilter, ViolationReport } from './violation.js';
import { ViolationErrors } from './violations.errors.js';
import { ViolationsStore } from './violations.store.js';

/** Keeps one open violation per deployment, rule, module, meter and billing period; whoever meets a limit again raises its count. */
@Injectable()
export class ViolationsService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: ViolationsStore,
    private readonly subscriptions: SubscriptionsService,
    private readonly events: PlatformEvents,
    private readonly audit: Audit,
    private readonly metrics: ViolationMetrics,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: Ids,
  ) {}

  /** In the caller's transaction. A report that was counted before, or a newer state of it, counts what is new in it. */
  async take(tx: Tx, report: ViolationReport): Promise<Violation> {
    const known = await this.store.counted(tx, report.deploymentId, report.reportId);
    const target = known?.violationId ?? (await this.store.resolvedAfter(tx, report, report.lastAt));
    if (target !== null) return this.merge(tx, target, report);
    const fresh = this.fresh(report);
    const openId = await this.store.open(tx, fresh);
    if (openId !== fresh.id) return this.merge(tx, openId, report);
    await this.store.saveCounted(tx, { ...report, violationId: fresh.id }, fresh.detectedAt);
    await this.tell(tx, fresh);
    this.metrics.opened(tx, fresh);
    return fresh;
  }

  /** Where the billing period begins in which it happened, in the zone of each deployment's tenant. */
  async periodStart(tx: Tx, deploymentId: string, at: Date): Promise<Date> {
    const timeZone = (await this.subscriptions.timeZones(tx, [deploymentId])).get(deploymentId) ?? 'UTC';
    return calendarMonth(monthOf(at, timeZone), timeZone).from;
  }

  /** 404 for another tenant's too. */
  async readable(tx: Tx, id: string, principal: Principal): Promise<Violation> {
    const violation = await this.store.find(tx, id);
    if (violation && principalMayRead(principal, violation.tenantId)) return violation;
    throw notFound(id);
  }

  list(filter: ViolationFilter, beforeId: string | null, take: number): Promise<Violation[]> {
    return this.store.list(this.unitOfWork.reader, filter, beforeId, take);
  }

  /** Resolved once: a second time answers with what the first one wrote. */
  resolve(id: string, reason: string, actor: Actor): Promise<Violation> {
    return this.unitOfWork.run(async (tx) => {
      const held = await this.store.lock(tx, id);
      if (!held) throw notFound(id);
      if (held.resolvedAt !== null) return held;
      const resolved = { resolvedAt: this.clock.now(), resolvedBy: actor.id, resolvedReason: reason };
      await this.store.resolve(tx, id, { at: resolved.resolvedAt, by: actor.id, reason });
      const object = { type: 'violation', id };
      const [before, after] = [{ resolvedAt: null }, resolved];
      await this.audit.record(tx, {
        actor,
        action: 'violation.resolved',
        object,
        tenantId: held.tenantId,
        before,
        after,
        reason,
      });
      return { ...held, ...resolved };
    });
  }

  private async merge(tx: Tx, violationId: string, report: ViolationReport): Promise<Violation> {
    const held = await this.store.lock(tx, violationId);
    if (!held) throw new Error(`Violation ${violationId} is gone`);
    // Looked up again under the lock: another process may have counted the same report meanwhile.
    const counted = (await this.store.counted(tx, report.deploymentId, report.reportId))?.count ?? 0;
    if (report.count <= counted) return held;
    const merged = mergeViolation(held, stateOf(report), report.count - counted);
    await this.store.save(tx, held.id, merged);
    await this.store.saveCounted(tx, { ...report, violationId: held.id }, this.clock.now());
    return { ...held, ...merged };
  }

  private fresh(report: ViolationReport): Violation {
    const { tenantId, deploymentId, rule, module, meter, periodStart, source, detail } = report;
    return {
      ...stateOf(report),
      ...{ id: this.ids.uuid(), tenantId, deploymentId, rule, module, meter, periodStart, source },
      detail: detail ?? null,
      detectedAt: this.clock.now(),
      resolvedAt: null,
      resolvedBy: null,
      resolvedReason: null,
    };
  }

  /** Told once, when it opens. A report that names no limit tells of no entitlement, and stays inside. */
  private async tell(tx: Tx, violation: Violation): Promise<void> {
    const { id, tenantId, deploymentId, module, meter, kind, threshold, used, cap, source, count } = violation;
    if (kind === null || module === '' || meter === '' || used === null || cap === null) return;
    await this.events.emit(tx, {
      type: 'subscription.entitlement.exceeded',
      tenantId,
      deploymentId,
      subject: deploymentId,
      id,
      time: violation.detectedAt,
      data: {
        ...{ module, meter, kind, threshold, used, cap, count, licenseVersion: violation.licenseVersion },
        plane: source === 'data' ? 'data' : 'control',
        firstAt: violation.firstAt.toISOString(),
        lastAt: violation.lastAt.toISOString(),
        violationId: id,
      },
    });
  }
}

function stateOf(report: ViolationReport): ViolationState {
  const { kind, used, cap, threshold, licenseVersion, count, firstAt, lastAt } = report;
  const severity = worst(report.severity ?? 'info', severityOf(report));
  return { kind, used, cap, threshold, licenseVersion, count, firstAt, lastAt, severity };
}

function notFound(id: string): RefusalError {
  return new RefusalError(ViolationErrors.NOT_FOUND({ detail: `There is no violation ${id}` }));
}
