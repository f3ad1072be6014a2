import { Module } from '@nestjs/common';
import { DatabaseMigrator } from './database-migrator.js';
import { FleetController } from './fleet.controller.js';
import { FleetMetrics } from './fleet.metrics.js';
import { FleetService } from './fleet.service.js';
import { FleetWorker } from './fleet.worker.js';

@Module({
  controllers: [FleetController],
  providers: [DatabaseMigrator, FleetService, FleetMetrics, FleetWorker],
})
export class FleetModule {}
