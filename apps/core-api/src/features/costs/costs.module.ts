import { Module } from '@nestjs/common';
import { DeploymentsModule } from '../deployments/index.js';
import { CostsController } from './costs.controller.js';
import { Costs } from './costs.service.js';
import { CostsStore } from './costs.store.js';
import { ReportsController } from './reports.controller.js';
import { Reports } from './reports.service.js';
import { ReportsStore } from './reports.store.js';

@Module({
  imports: [DeploymentsModule],
  controllers: [CostsController, ReportsController],
  providers: [Costs, CostsStore, Reports, ReportsStore],
})
export class CostsModule {}
