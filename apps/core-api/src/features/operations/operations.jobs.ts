import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { RefusalError } from '@biplane/kernel';
import { JobRunner, UnitOfWork, type Tx } from '@biplane/service-kit';
import { Operations } from './operations.service.js';
import { OperationsStore } from './operations.store.js';

const CHUNK = 100;
/** How long one is left alone that could not be looked after. */
const POSTPONE_MS = 10_000;
/** Steps of one operation that one run takes. */
const STEPS_MAX = 20;

/** Deadlines, and what is due by itself: each operation in its own transaction, so that a broken one stops alone. */
@Injectable()
export class OperationJobs implements OnModuleInit {
  private readonly logger = new Logger('Operations');

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: OperationsStore,
    private readonly operations: Operations,
    private readonly jobs: JobRunner,
  ) {}

  onModuleInit(): void {
    this.jobs.register({ name: 'operation-deadlines', everyMs: 1_000, run: (now) => this.expire(now) });
    this.jobs.register({ name: 'operations-due', everyMs: 1_000, run: (now) => this.lookAfter(now) });
  }

  async expire(now: Date): Promise<void> {
    const ids = await this.store.expiredIds(this.unitOfWork.reader, this.operations.kinds, now, CHUNK);
    for (const id of ids) await this.each(id, now, (tx) => this.operations.expire(tx, id, now));
  }

  async lookAfter(now: Date): Promise<void> {
    const ids = await this.store.dueIds(this.unitOfWork.reader, this.operations.dueKinds, now, CHUNK);
    for (const id of ids) {
      const look = (tx: Tx) => this.operations.due(tx, id, now);
      // Each step in a transaction of its own.
      for (let turn = 0; turn < STEPS_MAX && (await this.each(id, now, look)) === true; turn += 1);
    }
  }

  private async each<T>(id: string, now: Date, work: (tx: Tx) => Promise<T>): Promise<T | null> {
    try {
      return await this.unitOfWork.run(work);
    } catch (error) {
      this.logger.error({ err: error, operationId: id }, 'the operation could not be looked after');
      const until = new Date(now.getTime() + POSTPONE_MS);
      // That a part is away now is no reason of its own.
      const isAnswer = error instanceof RefusalError && error.failure.status < 500;
      const cause = isAnswer ? error.failure.detail : null;
      await this.unitOfWork.run((tx) => this.operations.postpone(tx, id, cause, until));
      return null;
    }
  }
}
