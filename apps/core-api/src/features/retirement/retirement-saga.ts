import { Injectable, type OnModuleInit } from '@nestjs/common';
import { faultPoint, UnitOfWork, type Tx } from '@biplane/service-kit';
import { jobActor } from '../audit/index.js';
import { DeploymentLifecycle, DeploymentsService } from '../deployments/index.js';
import { DedicatedHomes } from '../homes/index.js';
import { AppliedService, LicenseEnds } from '../licenses/index.js';
import { currentStep, Operations, type Operation } from '../operations/index.js';
import { TenantRetirements } from '../tenants/index.js';
import {
  deadlineMs,
  done,
  judgeDropped,
  judgeDrained,
  judgeEnded,
  judgeGone,
  judgeRetention,
  judgeRevoked,
  RETIRE_STEPS,
  type Outcome,
  type RetireStep,
} from './domain/steps.js';
import { FinalInvoice } from './final-invoice.js';
import { RetirementStore, type Retirement } from './retirement.store.js';

const ACTOR = jobActor('retirement');

type Carry = (tx: Tx, retirement: Retirement, now: Date) => Promise<Outcome>;

/**
 * Carries each step out and ends it by what was reported. A step is one transaction: whoever is killed in it has done nothing
 * of it, and the next one does it again.
 */
@Injectable()
export class RetirementSaga implements OnModuleInit {
  private readonly steps: Readonly<Record<RetireStep, Carry>> = {
    ended: async (tx, { deploymentId }, now) => judgeEnded(await this.invoice.endOf(tx, deploymentId), now),
    drained: async (tx, retirement, now) => {
      const license = await this.licenses.standing(tx, retirement.deploymentId);
      const isAsleep = license !== null && (await this.homes.isAsleep(tx, license.homeId));
      return judgeDrained(license, { isAsleep, isGivenUp: isGivenUp(retirement) }, now);
    },
    windows_closed: (tx, retirement, now) => {
      return this.invoice.windows(tx, retirement.deploymentId, isGivenUp(retirement), now);
    },
    invoiced: (tx, { deploymentId }, now) => this.invoice.issue(tx, deploymentId, ACTOR, now),
    license_revoked: async (tx, retirement, now) => {
      await this.licenses.revoke(tx, retirement.deploymentId, retirement.reason, ACTOR);
      const license = await this.licenses.standing(tx, retirement.deploymentId);
      return judgeRevoked(license, isGivenUp(retirement), now);
    },
    retention_over: async (tx, { deploymentId }, now) => {
      return judgeRetention(await this.licenses.standing(tx, deploymentId), now);
    },
    data_dropped: async (tx, retirement, now) => {
      const license = await this.licenses.standing(tx, retirement.deploymentId);
      return judgeDropped(license, isGivenUp(retirement), now);
    },
    archived: (tx, retirement, now) => this.archive(tx, retirement, now),
    home_gone: (tx, retirement, now) => this.removeHomes(tx, retirement, now),
    tombstoned: async (tx, { deploymentId }) => {
      await this.licenses.tombstone(tx, deploymentId, ACTOR);
      return done();
    },
  };

  constructor(
    private readonly operations: Operations,
    private readonly store: RetirementStore,
    private readonly deployments: DeploymentsService,
    private readonly lifecycle: DeploymentLifecycle,
    private readonly tenants: TenantRetirements,
    private readonly licenses: LicenseEnds,
    private readonly applied: AppliedService,
    private readonly homes: DedicatedHomes,
    private readonly invoice: FinalInvoice,
  ) {}

  onModuleInit(): void {
    this.operations.register('retire', {
      steps: RETIRE_STEPS,
      deadlineMs,
      onRetry: (tx, operation) => this.askAgain(tx, operation),
      onDue: (tx, operation, now) => this.lookAfter(tx, operation, now),
    });
    this.applied.onReport((tx, { deploymentId, receivedAt }) => this.wake(tx, deploymentId, receivedAt));
    this.homes.onObserved((tx, { deploymentId, at }) => this.wake(tx, deploymentId, at));
  }

  private async lookAfter(tx: Tx, operation: Operation, now: Date): Promise<void> {
    const step = currentStep(operation)!.name as RetireStep;
    const retirement = await this.store.find(tx, operation.deploymentId);
    if (!retirement) throw new Error(`The retirement of ${operation.deploymentId} was never recorded`);
    const outcome = await this.steps[step](tx, retirement, now);
    const { id } = operation;
    if (outcome.isDone) await this.operations.succeedStep(tx, id, step, outcome.note ?? undefined);
    else await this.operations.note(tx, id, step, outcome.waitsFor);
    await this.operations.lookAgain(tx, id, outcome.isDone ? now : outcome.lookAgainAt);
    faultPoint(`retirement.${step}.before_commit`);
    UnitOfWork.afterCommit(tx, () => faultPoint(`retirement.${step}.after_commit`));
  }

  private async archive(tx: Tx, { deploymentId, tenantId, reason }: Retirement, now: Date): Promise<Outcome> {
    const { state } = await this.deployments.required(tx, deploymentId);
    if (state !== 'archived') {
      await this.lifecycle.transition(tx, { deploymentId, to: 'archived', actor: ACTOR, reason });
    }
    // Its home closes no more hours of it.
    await this.deployments.endPlacement(tx, deploymentId, now);
    await this.tenants.archiveIfOver(tx, tenantId);
    return done();
  }

  private async removeHomes(tx: Tx, retirement: Retirement, now: Date): Promise<Outcome> {
    const left = await this.homes.ofDeployment(tx, retirement.deploymentId);
    for (const { homeId } of left) await this.homes.desire(tx, homeId, 'absent');
    const seen = left.map(({ homeId, conditions }) => {
      return { homeId, reason: conditions.find(({ type }) => type === 'Gone')?.reason ?? null };
    });
    return judgeGone(seen, isGivenUp(retirement), now);
  }

  /** Whatever was asked of others is asked once more. */
  private async askAgain(tx: Tx, operation: Operation): Promise<void> {
    const { id, deploymentId, createdAt } = operation;
    const step = currentStep(operation)?.name;
    if (step === 'home_gone') {
      const left = await this.homes.ofDeployment(tx, deploymentId);
      for (const { homeId } of left) await this.homes.enqueue(tx, homeId, 'retry');
    } else if (step !== 'tombstoned') await this.licenses.sendAgain(tx, deploymentId);
    await this.operations.lookAgain(tx, id, createdAt);
  }

  /** Something was reported: whoever waits for it looks now. One that had failed goes on by it. */
  private async wake(tx: Tx, deploymentId: string, at: Date): Promise<void> {
    const operation = await this.operations.newest(tx, deploymentId, 'retire');
    if (operation?.state === 'running') await this.operations.lookAgain(tx, operation.id, at);
    if (operation?.state !== 'failed') return;
    const retirement = await this.store.find(tx, deploymentId);
    const step = currentStep(operation)?.name;
    if (!retirement || (step !== 'data_dropped' && step !== 'home_gone')) return;
    const outcome = await this.steps[step](tx, retirement, at);
    if (!outcome.isDone) return;
    await this.operations.succeedStep(tx, operation.id, step, 'reported after its deadline');
    await this.operations.lookAgain(tx, operation.id, at);
  }
}

function isGivenUp({ givenUpAt }: Retirement): boolean {
  return givenUpAt !== null;
}
