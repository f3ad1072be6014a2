import { Global, Inject, Module, type OnModuleInit } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { UnitOfWork } from '../database/unit-of-work.js';
import { JobRunner } from '../jobs/job-runner.js';
import { IdempotencyService } from './idempotency.service.js';
import { deleteExpired } from './idempotency.store.js';
import { StoredAnswerInterceptor } from './stored-answer.interceptor.js';

const SWEEP_MS = 60_000;
const SWEEP_ROWS_MAX = 1_000;

/** Import it once in the app, after DatabaseModule. */
@Global()
@Module({
  providers: [IdempotencyService, { provide: APP_INTERCEPTOR, useClass: StoredAnswerInterceptor }],
  exports: [IdempotencyService],
})
export class IdempotencyModule implements OnModuleInit {
  constructor(
    @Inject(UnitOfWork) private readonly unitOfWork: UnitOfWork,
    @Inject(JobRunner) private readonly jobs: JobRunner,
  ) {}

  onModuleInit(): void {
    this.jobs.register({
      name: 'idempotency-sweep',
      everyMs: SWEEP_MS,
      run: async (now) => {
        await this.unitOfWork.run((tx) => deleteExpired(tx, now, SWEEP_ROWS_MAX));
      },
    });
  }
}
