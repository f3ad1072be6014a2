import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type { MoveReport } from '@biplane/contracts';
import { RefusalError, type Clock } from '@biplane/kernel';
import { CLOCK, faultPoint, UnitOfWork, type Tx } from '@biplane/service-kit';
import { Audit, jobActor, type Actor } from '../audit/index.js';
import { DeploymentsService } from '../deployments/index.js';
import { DedicatedHomes } from '../homes/index.js';
import {
  LicenseService,
  MoveInbox,
  PlacementSource,
  type MoveReportFault,
  type MovingPlacement,
} from '../licenses/index.js';
import { currentStep, Operations, type Operation } from '../operations/index.js';
import {
  isReportStep,
  judgeStep,
  mayReport,
  mayRollBack,
  MOVE_STEPS,
  stepDeadlineMs,
  type MoveStep,
} from './domain/move.js';
import { pauseMsOf, type Move } from './move.js';
import { MoveErrors } from './moves.errors.js';
import { MoveMetrics } from './moves.metrics.js';
import { MovesStore } from './moves.store.js';

/**
 * The saga of a move. It goes on only by what homes reported and what the cluster returned; each step and the license that follows
 * from it are one transaction, so a process that dies leaves the move exactly at a step.
 */
@Injectable()
export class Moves implements OnModuleInit {
  constructor(
    private readonly store: MovesStore,
    private readonly operations: Operations,
    private readonly deployments: DeploymentsService,
    private readonly homes: DedicatedHomes,
    private readonly licenses: LicenseService,
    private readonly inbox: MoveInbox,
    private readonly placements: PlacementSource,
    private readonly audit: Audit,
    private readonly metrics: MoveMetrics,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.operations.register('move', {
      steps: MOVE_STEPS,
      deadlineMs: stepDeadlineMs,
      onRetry: async () => {
        throw new RefusalError(MoveErrors.UNDONE({ detail: 'A move that failed was undone before its flip' }));
      },
      onFailed: (tx, operation) => this.rollBack(tx, operation),
    });
    this.inbox.onReport((tx, report) => this.receive(tx, report));
    this.placements.from((tx, deploymentId) => this.placementOf(tx, deploymentId));
    this.homes.onObserved(async (tx, { deploymentId }) => this.goOn(tx, deploymentId));
  }

  /** Undoes a move that has not flipped yet. */
  async cancel(tx: Tx, deploymentId: string, reason: string, actor: Actor): Promise<Operation> {
    const operation = await this.operations.lockNewest(tx, deploymentId, 'move');
    if (operation?.state !== 'running') {
      throw new RefusalError(MoveErrors.NOT_RUNNING({ detail: 'No move of this deployment is running' }));
    }
    const step = stepOf(operation);
    if (step === null || !mayRollBack(step)) {
      throw new RefusalError(MoveErrors.PAST_FLIP({ detail: `The move is at ${step ?? 'its end'}` }));
    }
    return this.operations.fail(tx, operation.id, step, `cancelled: ${reason}`, actor);
  }

  /** Takes a home's word, and goes as far as it carries. Said again, late or out of order it changes nothing. */
  private async receive(tx: Tx, report: MoveReport): Promise<MoveReportFault | null> {
    const { deploymentId, homeId, epoch, step } = report;
    const known = await this.deployments.findMany(tx, [deploymentId]);
    if (!known.has(deploymentId)) return 'DEPLOYMENT_UNKNOWN';
    const move = await this.store.ofEpoch(tx, deploymentId, epoch);
    if (move === null || !isReportStep(step)) return 'MOVE_UNKNOWN';
    if (!mayReport(move, { homeId, epoch, step })) return 'HOME_NOT_PLACED';
    const closedThrough = report.closedThrough === null ? null : new Date(report.closedThrough);
    const row = { step, homeId, closedThrough, tables: report.tables, receivedAt: this.clock.now() };
    if (await this.store.addReport(tx, deploymentId, epoch, row)) await this.goOn(tx, deploymentId);
    return null;
  }

  private async goOn(tx: Tx, deploymentId: string): Promise<void> {
    if ((await this.store.underWay(tx, deploymentId)) === null) return;
    let operation = await this.operations.lockNewest(tx, deploymentId, 'move');
    while (operation?.state === 'running') {
      const next = await this.oneStep(tx, operation);
      if (next === null) return;
      operation = next;
    }
  }

  /** Null when the step that runs is not done. */
  private async oneStep(tx: Tx, operation: Operation): Promise<Operation | null> {
    const [step, move] = [stepOf(operation), await this.store.underWay(tx, operation.deploymentId)];
    if (step === null || move === null) return null;
    const reports = await this.store.reports(tx, move.deploymentId, move.toEpoch);
    if (step === 'clean' && reports.some((report) => report.step === 'cleaned')) await this.letGo(tx, move);
    const facts = { isFlipped: move.phase === 'flipped', oldDedicatedHomeIsGone: await this.oldHomeIsGone(tx, move) };
    const verdict = judgeStep(step, reports, facts);
    if (verdict.kind === 'broken') return this.operations.fail(tx, operation.id, step, verdict.reason);
    if (verdict.kind === 'wait') {
      await this.operations.note(tx, operation.id, step, verdict.reason);
      return null;
    }
    const note = await this.follow(tx, step, move);
    const next = await this.operations.succeedStep(tx, operation.id, step, note);
    faultPoint(`move.before_${step}`);
    UnitOfWork.afterCommit(tx, () => faultPoint(`move.after_${step}`));
    return next;
  }

  /** What a step that is done leads to; answers what a reader of the operation is told of it. */
  private async follow(tx: Tx, step: MoveStep, move: Move): Promise<string | undefined> {
    const now = this.clock.now();
    const { operationId, deploymentId, toType } = move;
    if (step === 'prepare') {
      await this.store.enter(tx, operationId, 'draining', now);
      await this.licenses.issue(tx, deploymentId, 'move_drain');
    } else if (step === 'copy') {
      await this.flip(tx, move, now);
    } else if (step === 'serve') {
      await this.store.setServed(tx, operationId, now);
      const pauseMs = pauseMsOf({ ...move, servedAt: now });
      if (pauseMs === null) return undefined;
      this.metrics.paused(tx, toType, pauseMs);
      return `nothing could be written for ${(pauseMs / 1000).toFixed(1)} s`;
    } else if (step === 'clean') {
      await this.store.enter(tx, operationId, 'done', now);
      this.metrics.endedAs(tx, toType, 'done');
    }
    return undefined;
  }

  /** From here on another home serves it. Its type, its place in history and its license change in this one transaction. */
  private async flip(tx: Tx, move: Move, now: Date): Promise<void> {
    const { deploymentId, toType, toHomeId, toUrl, toEpoch, reason } = move;
    const before = await this.deployments.required(tx, deploymentId);
    const reasons = [`moved: ${reason}`];
    const next = { type: toType, reasons, homeId: toHomeId, homeUrl: toUrl, epoch: toEpoch, at: now };
    await this.deployments.place(tx, deploymentId, next);
    await this.store.enter(tx, move.operationId, 'flipped', now);
    await this.licenses.issue(tx, deploymentId, 'move_flip');
    await this.record(tx, 'deployment.moved', move, {
      before: { type: before.type, homeId: move.fromHomeId },
      after: { type: toType, homeId: toHomeId, epoch: toEpoch, operationId: move.operationId },
    });
  }

  /** Before the flip only: the old home takes writes again, and what was made for the new one goes. */
  private async rollBack(tx: Tx, operation: Operation): Promise<void> {
    const move = await this.store.find(tx, operation.id);
    if (move === null || (move.phase !== 'preparing' && move.phase !== 'draining')) return;
    const now = this.clock.now();
    await this.store.enter(tx, move.operationId, 'rolled_back', now);
    if (move.toType === 'container_per_tenant') await this.homes.desire(tx, move.toHomeId, 'absent');
    await this.licenses.issue(tx, move.deploymentId, 'move_rolled_back');
    const pauseMs = pauseMsOf({ ...move, servedAt: now });
    if (pauseMs !== null) this.metrics.paused(tx, move.toType, pauseMs);
    this.metrics.endedAs(tx, move.toType, 'rolled_back');
    await this.record(tx, 'deployment.move_undone', move, { after: { reason: operation.reason } });
  }

  /** The old home has let go of everything: a dedicated one is not wanted any more. */
  private async letGo(tx: Tx, { fromHomeId, deploymentId }: Move): Promise<void> {
    const old = await this.homes.find(tx, fromHomeId);
    if (!old || old.desired === 'absent') return;
    await this.homes.desire(tx, fromHomeId, 'absent');
    // Without its enrollment, so that the pool drops what it made for it.
    await this.licenses.issue(tx, deploymentId, 'move_left');
  }

  private async oldHomeIsGone(tx: Tx, { fromHomeId }: Move): Promise<boolean | null> {
    const old = await this.homes.find(tx, fromHomeId);
    return old && old.goneAt !== null;
  }

  private async placementOf(tx: Tx, deploymentId: string): Promise<MovingPlacement | null> {
    const move = await this.store.underWay(tx, deploymentId);
    if (move === null || move.phase === 'flipped') return null;
    const next = { homeId: move.toHomeId, epoch: move.toEpoch, url: move.toUrl };
    return { phase: move.phase === 'draining' ? 'draining' : 'serving', next };
  }

  private async record(tx: Tx, action: string, move: Move, change: { before?: object; after: object }): Promise<void> {
    await this.audit.record(tx, {
      actor: jobActor('moves'),
      action,
      object: { type: 'deployment', id: move.deploymentId },
      tenantId: move.tenantId,
      ...change,
      reason: move.reason,
    });
  }
}

function stepOf(operation: Operation): MoveStep | null {
  const name = currentStep(operation)?.name;
  return MOVE_STEPS.find((step) => step === name) ?? null;
}
