import { Inject, Injectable } from '@nestjs/common';
import { RefusalError, type Clock } from '@biplane/kernel';
import { CLOCK, IDS, principalMayRead, UnitOfWork, type Ids, type Principal, type Tx } from '@biplane/service-kit';
import { Audit, jobActor, type Actor } from '../audit/index.js';
import { DeploymentsService } from '../deployments/index.js';
import {
  advanceSaga,
  currentStep,
  expireSaga,
  failSaga,
  noteStep,
  phaseOf,
  retrySaga,
  startSaga,
  succeedStep,
  type Judge,
  type Saga,
} from './domain/saga.js';
import {
  EXCLUSIVE_KINDS,
  type NewOperation,
  type Operation,
  type OperationDefinition,
  type OperationKind,
} from './operation.js';
import { OperationErrors } from './operations.errors.js';
import { OperationsStore } from './operations.store.js';

/**
 * What takes longer than a request and can be read meanwhile: operations of registered kinds, which advance from what was
 * reported. Whoever changes one holds the row of its deployment first and then its own.
 */
@Injectable()
export class Operations {
  private readonly definitions = new Map<OperationKind, OperationDefinition>();

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: OperationsStore,
    private readonly deployments: DeploymentsService,
    private readonly audit: Audit,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: Ids,
  ) {}

  /** Once for each kind, when its feature starts. An operation of a kind that is not registered is left alone. */
  register(kind: OperationKind, definition: OperationDefinition): void {
    if (this.definitions.has(kind)) throw new Error(`The kind of operation ${kind} is registered twice`);
    this.definitions.set(kind, definition);
  }

  get kinds(): readonly OperationKind[] {
    return [...this.definitions.keys()];
  }

  /** Those that act by themselves. */
  get dueKinds(): readonly OperationKind[] {
    return this.kinds.filter((kind) => this.definition(kind).onDue !== undefined);
  }

  /** 409 while another one moves or retires the same deployment. */
  async start(tx: Tx, input: NewOperation): Promise<Operation> {
    const { id = this.ids.uuid(), kind, tenantId, deploymentId, done = 0, reason = null } = input;
    const definition = this.definition(kind);
    await this.deployments.lock(tx, deploymentId);
    if (EXCLUSIVE_KINDS.includes(kind)) await this.refuseBusy(tx, deploymentId);
    const now = this.clock.now();
    const steps = input.steps ?? definition.steps;
    const saga = startSaga({ steps, done, reason }, input.isUnlimited ? null : definition.deadlineMs, now);
    const nextActionAt = input.nextActionAt ?? null;
    const operation: Operation = { id, kind, tenantId, deploymentId, createdAt: now, ...saga, nextActionAt };
    await this.store.insert(tx, operation);
    return operation;
  }

  /** 409 with the operation that moves or retires the deployment, if there is one that runs. */
  async refuseBusy(tx: Tx, deploymentId: string): Promise<void> {
    const busy = await this.store.running(tx, deploymentId, EXCLUSIVE_KINDS);
    if (!busy) return;
    const [detail, members] = [`Operation ${busy.id} (${busy.kind}) is running`, { operationId: busy.id }];
    throw new RefusalError(OperationErrors.BUSY({ detail, members }));
  }

  async readable(id: string, principal: Principal): Promise<Operation> {
    const operation = await this.store.find(this.unitOfWork.reader, id);
    if (operation && principalMayRead(principal, operation.tenantId)) return operation;
    throw notFound(id);
  }

  newest(tx: Tx, deploymentId: string, kind: OperationKind): Promise<Operation | null> {
    return this.store.newest(tx, deploymentId, kind);
  }

  async lockNewest(tx: Tx, deploymentId: string, kind: OperationKind): Promise<Operation | null> {
    await this.deployments.lock(tx, deploymentId);
    return this.store.lockNewest(tx, deploymentId, kind);
  }

  async lock(tx: Tx, id: string): Promise<Operation> {
    const found = await this.store.find(tx, id);
    if (found) await this.deployments.lock(tx, found.deploymentId);
    const operation = found && (await this.store.lock(tx, id));
    if (operation) return operation;
    throw notFound(id);
  }

  /** As far as `judge` says that its steps are done; what it is given back is what it then is. */
  async advance(tx: Tx, operation: Operation, judge: Judge): Promise<Operation> {
    const { deadlineMs } = this.definition(operation.kind);
    return this.change(tx, operation, advanceSaga(operation, judge, deadlineMs, this.clock.now()));
  }

  /** Nothing happens unless the operation stands at this very step. */
  async succeedStep(tx: Tx, id: string, step: string, note?: string): Promise<Operation> {
    const operation = await this.lock(tx, id);
    const { deadlineMs } = this.definition(operation.kind);
    return this.change(tx, operation, succeedStep(operation, step, deadlineMs, this.clock.now(), note));
  }

  /** What the step waits for, as a reader is told, and as its failure will say. */
  async note(tx: Tx, id: string, step: string, reason: string | null): Promise<Operation> {
    const operation = await this.lock(tx, id);
    const { deadlineMs } = this.definition(operation.kind);
    return this.change(tx, operation, noteStep(operation, step, reason, deadlineMs, this.clock.now()));
  }

  /** When `onDue` of its kind looks at it next. */
  async lookAgain(tx: Tx, id: string, at: Date | null): Promise<void> {
    await this.store.setNextActionAt(tx, id, at);
  }

  /** Nothing happens unless the operation runs and stands at this very step. */
  async fail(tx: Tx, id: string, step: string, reason: string, actor?: Actor): Promise<Operation> {
    const operation = await this.lock(tx, id);
    const isAt = operation.steps.find(({ state }) => state === 'running')?.name === step;
    return isAt ? this.change(tx, operation, failSaga(operation, reason, this.clock.now()), actor) : operation;
  }

  /** Past its deadline it has failed with the cause that it waits for, unless what it waits for came while nobody looked. */
  async expire(tx: Tx, id: string, now: Date): Promise<void> {
    const found = await this.lock(tx, id);
    if (isDue(found, now)) await this.definition(found.kind).onDue?.(tx, found, now);
    const operation = await this.lock(tx, id);
    await this.change(tx, operation, expireSaga(operation, now), jobActor(`${JOBS[operation.kind]}-deadlines`));
  }

  /** Its kind looks after it, if it is still due. True when there is more to do at once. */
  async due(tx: Tx, id: string, now: Date): Promise<boolean> {
    const operation = await this.lock(tx, id);
    if (!isDue(operation, now)) return false;
    await this.definition(operation.kind).onDue?.(tx, operation, now);
    const after = await this.store.find(tx, id);
    return after !== null && isDue(after, now) && currentStep(after)?.name !== currentStep(operation)?.name;
  }

  /** What it waits for is that it cannot be looked after. */
  async postpone(tx: Tx, id: string, cause: string | null, until: Date): Promise<void> {
    const step = currentStep(await this.lock(tx, id))?.name;
    if (step !== undefined && cause !== null) await this.note(tx, id, step, cause);
    await this.lookAgain(tx, id, until);
  }

  /** Starts the failed step once more. */
  retry(id: string, actor: Actor): Promise<Operation> {
    return this.unitOfWork.run((tx) => this.retryIn(tx, id, actor));
  }

  /** The same in the caller's transaction. */
  async retryIn(tx: Tx, id: string, actor: Actor): Promise<Operation> {
    const operation = await this.lock(tx, id);
    const { deadlineMs, onRetry } = this.definition(operation.kind);
    const saga = retrySaga(operation, deadlineMs, this.clock.now());
    if (!saga) throw new RefusalError(OperationErrors.NOT_FAILED({ detail: `The operation is ${operation.state}` }));
    if (EXCLUSIVE_KINDS.includes(operation.kind)) await this.refuseBusy(tx, operation.deploymentId);
    const retried = await this.change(tx, operation, saga, actor);
    await onRetry(tx, retried, actor);
    return retried;
  }

  private async change(tx: Tx, before: Operation, saga: Saga, actor?: Actor): Promise<Operation> {
    if (saga === before) return before;
    const { onChanged, onFailed } = this.definition(before.kind);
    const after: Operation = { ...before, ...saga };
    await this.store.save(tx, before, saga);
    await onChanged?.(tx, after, before);
    if (after.state === before.state) return after;
    const action = after.state !== 'running' ? after.state : actor ? 'retried' : 'revived';
    await this.record(tx, action, before, after, actor ?? jobActor(JOBS[before.kind]));
    if (after.state === 'failed') await onFailed?.(tx, after);
    return after;
  }

  private async record(tx: Tx, action: string, before: Operation, after: Operation, actor: Actor): Promise<void> {
    await this.audit.record(tx, {
      actor,
      action: `operation.${action}`,
      object: { type: 'operation', id: after.id },
      tenantId: after.tenantId,
      before: { state: before.state },
      after: { state: after.state, phase: phaseOf(after) },
      reason: after.reason,
    });
  }

  private definition(kind: OperationKind): OperationDefinition {
    const definition = this.definitions.get(kind);
    if (definition) return definition;
    throw new Error(`The kind of operation ${kind} is not registered`);
  }
}

const JOBS: Readonly<Record<OperationKind, string>> = {
  provision: 'provisioning',
  retire: 'retirement',
  move: 'moves',
};

function isDue({ state, nextActionAt }: Operation, now: Date): boolean {
  return state === 'running' && nextActionAt !== null && nextActionAt <= now;
}

function notFound(id: string): RefusalError {
  return new RefusalError(OperationErrors.NOT_FOUND({ detail: `There is no operation ${id}` }));
}
