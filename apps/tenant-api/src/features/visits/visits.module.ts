import { Module } from '@nestjs/common';
import { TenantRetention } from './tenant-retention.service.js';
import { TenantVisits } from './visits.service.js';

@Module({ providers: [TenantVisits, TenantRetention], exports: [TenantVisits] })
export class VisitsModule {}
