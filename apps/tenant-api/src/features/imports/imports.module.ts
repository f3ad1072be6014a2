import { Module } from '@nestjs/common';
import { ImportRuns } from './import-runs.js';

@Module({ providers: [ImportRuns], exports: [ImportRuns] })
export class ImportsModule {}
