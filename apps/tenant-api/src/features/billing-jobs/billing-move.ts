import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { UnitOfWork } from '@biplane/service-kit';
import { HomeMoves, type MoveListener } from '../moves/index.js';
import { BillingJobProcessor } from './billing-job.processor.js';
import { forgetDue } from './due-index.store.js';

/** Runs of a deployment that moves: what is under way comes to its end here, and what is due is found where it is served next. */
@Injectable()
export class BillingMove implements OnModuleInit, MoveListener {
  constructor(
    @Inject(HomeMoves) private readonly moves: HomeMoves,
    @Inject(BillingJobProcessor) private readonly processor: BillingJobProcessor,
    @Inject(UnitOfWork) private readonly home: UnitOfWork,
  ) {}

  onModuleInit(): void {
    this.moves.listen(this);
  }

  drain(deploymentId: string): Promise<void> {
    return this.processor.settled(deploymentId);
  }

  async letGo(deploymentId: string): Promise<void> {
    await this.home.run((tx) => forgetDue(tx, deploymentId));
  }
}
