import { Module } from '@nestjs/common';
import { EnrollmentModule } from '../enrollment/index.js';
import { PurgeService } from './purge.service.js';

/** Of a region's pool: a dedicated home has no right to drop what it stands on. */
@Module({ imports: [EnrollmentModule], providers: [PurgeService] })
export class PurgeModule {}
