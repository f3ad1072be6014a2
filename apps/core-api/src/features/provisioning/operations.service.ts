import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { RefusalError, type Clock } from '@biplane/kernel';
import { CLOCK, JobRunner, principalMayRead, UnitOfWork, type Principal, type Tx } from '@biplane/service-kit';
import { Audit, jobActor, type Actor } from '../audit/index.js';
import { DeploymentsService, type DeploymentType } from '../deployments/index.js';
import { AppliedService, LicenseService, type StoredReport } from '../licenses/index.js';
import { advanceSaga, expireSaga, phaseOf, retrySaga, startSaga, type Saga } from './domain/saga.js';
import { OperationErrors } from './provisioning.errors.js';
import { OperationsStore, type Operation } from './operations.store.js';

const EXPIRE_CHUNK = 100;

/** The provisioning saga: it goes on only by what the home reported, and fails at its deadline with the cause. */
@Injectable()
export class OperationsService implements OnModuleInit {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: OperationsStore,
    private readonly deployments: DeploymentsService,
    private readonly licenses: LicenseService,
    private readonly applied: AppliedService,
    private readonly audit: Audit,
    private readonly jobs: JobRunner,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.applied.onReport((tx, report) => this.advance(tx, report));
    this.jobs.register({ name: 'provisioning-deadlines', everyMs: 1_000, run: (now) => this.expire(now) });
  }

  async start(
    tx: Tx,
    input: { id: string; tenantId: string; deploymentId: string; type: DeploymentType; now: Date },
  ): Promise<Operation> {
    const { type, now, ...ids } = input;
    const operation: Operation = { ...ids, kind: 'provision', createdAt: now, ...startSaga(type, now) };
    await this.store.insert(tx, operation);
    return operation;
  }

  async readable(id: string, principal: Principal): Promise<Operation> {
    const operation = await this.store.find(this.unitOfWork.reader, id);
    if (operation && principalMayRead(principal, operation.tenantId)) return operation;
    throw notFound(id);
  }

  /** Starts the failed step once more: the home gets the present license again and acts on it as if it were new. */
  retry(id: string, actor: Actor): Promise<Operation> {
    return this.unitOfWork.run(async (tx) => {
      const operation = await this.store.lock(tx, id);
      if (!operation) throw notFound(id);
      const saga = retrySaga(operation, this.clock.now());
      if (!saga) throw new RefusalError(OperationErrors.NOT_FAILED({ detail: `The operation is ${operation.state}` }));
      await this.save(tx, operation, saga);
      await this.licenses.publishPresent(tx, operation.deploymentId);
      await this.record(tx, 'operation.retried', operation, saga, actor);
      return { ...operation, ...saga };
    });
  }

  private async advance(tx: Tx, report: StoredReport): Promise<void> {
    const operation = await this.store.lockNewest(tx, report.deploymentId);
    if (!operation) return;
    const now = this.clock.now();
    const saga = advanceSaga(operation, report, now);
    if (saga === operation) return;
    await this.save(tx, operation, saga);
    if (saga.state === 'succeeded') {
      await this.deployments.setFirstReady(tx, report.deploymentId, now);
      await this.record(tx, 'operation.succeeded', operation, saga, jobActor('provisioning'));
    }
  }

  async expire(now: Date): Promise<void> {
    for (const id of await this.store.dueIds(this.unitOfWork.reader, now, EXPIRE_CHUNK)) {
      await this.unitOfWork.run(async (tx) => {
        const operation = await this.store.lock(tx, id);
        const saga = operation && expireSaga(operation, now);
        if (!operation || !saga || saga === operation) return;
        await this.save(tx, operation, saga);
        await this.record(tx, 'operation.failed', operation, saga, jobActor('provisioning-deadlines'));
      });
    }
  }

  private async save(tx: Tx, operation: Operation, saga: Saga): Promise<void> {
    await this.store.save(tx, operation.id, saga);
    await this.deployments.setPhase(tx, operation.deploymentId, phaseOf(saga));
  }

  private async record(tx: Tx, action: string, operation: Operation, saga: Saga, actor: Actor): Promise<void> {
    await this.audit.record(tx, {
      actor,
      action,
      object: { type: 'operation', id: operation.id },
      tenantId: operation.tenantId,
      before: { state: operation.state },
      after: { state: saga.state, phase: phaseOf(saga) },
      reason: saga.reason,
    });
  }
}

function notFound(id: string): RefusalError {
  return new RefusalError(OperationErrors.NOT_FOUND({ detail: `There is no operation ${id}` }));
}
