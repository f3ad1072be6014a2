import { Module, type DynamicModule } from '@nestjs/common';
import { EnrollmentModule, RegionHomes } from '../enrollment/index.js';
import { HomeMoves } from './home-moves.service.js';
import { MoveDrain } from './move-drain.js';
import { MoveReports } from './move-reports.js';
import { MOVING_REGION } from './moves.ports.js';
import { RedisSweep } from './redis-sweep.js';
import { RegionMoves } from './region-moves.js';

@Module({})
export class MovesModule {
  /** `isPool`: only a region's pool copies between homes and shuts them out. */
  static forHome({ isPool }: { readonly isPool: boolean }): DynamicModule {
    return {
      module: MovesModule,
      // Whoever keeps something of deployments listens.
      global: true,
      imports: isPool ? [EnrollmentModule] : [],
      providers: [
        HomeMoves,
        MoveDrain,
        MoveReports,
        RegionMoves,
        ...(isPool ? [{ provide: MOVING_REGION, useExisting: RegionHomes }, RedisSweep] : []),
      ],
      exports: [HomeMoves],
    };
  }
}
