import { Module } from '@nestjs/common';
import { PROVISIONER_URL, RegionServer } from '../tenancy/index.js';
import { EnrollmentController } from './enrollment.controller.js';
import { EnrollmentJobs } from './enrollment.jobs.js';
import { EnrollmentMetrics } from './enrollment.metrics.js';
import { EnrollmentService } from './enrollment.service.js';
import { GivenDatabases } from './given-databases.js';
import { HomeSecrets } from './home-secrets.js';
import { RedisHomes } from './redis-homes.js';
import { RegionHomes } from './region-homes.js';

/** Of a region's pool: a dedicated home enrolls nobody. */
@Module({
  controllers: [EnrollmentController],
  providers: [
    {
      provide: RegionServer,
      inject: [PROVISIONER_URL],
      useFactory: (provisionerUrl: string) => new RegionServer(provisionerUrl),
    },
    EnrollmentMetrics,
    HomeSecrets,
    RedisHomes,
    GivenDatabases,
    EnrollmentService,
    EnrollmentJobs,
    RegionHomes,
  ],
  exports: [RegionServer, RegionHomes, RedisHomes],
})
export class EnrollmentModule {}
