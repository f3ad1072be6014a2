import { Module } from '@nestjs/common';
import { DeploymentsModule } from '../deployments/index.js';
import { OperationsController } from './operations.controller.js';
import { OperationJobs } from './operations.jobs.js';
import { Operations } from './operations.service.js';
import { OperationsStore } from './operations.store.js';

@Module({
  imports: [DeploymentsModule],
  controllers: [OperationsController],
  providers: [Operations, OperationsStore, OperationJobs],
  exports: [Operations],
})
export class OperationsModule {}
