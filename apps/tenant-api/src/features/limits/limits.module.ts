import { Global, Logger, Module } from '@nestjs/common';
import type { Clock } from '@biplane/kernel';
import { Decider, DecisionMetrics } from '@biplane/limits';
import { CLOCK, IDS, Metrics, UnitOfWork, type Ids } from '@biplane/service-kit';
import { DECIDER, DECISION_LISTENER, HOME, LicenseKeeper, type HomeIdentity } from '../license/index.js';
import { windowUsage } from '../metrics/index.js';
import { LevelGate } from './level-gate.service.js';
import { LevelReports } from './level-reports.service.js';
import { LevelSources } from './level-sources.js';
import { LimitEvents } from './limit-events.service.js';
import { LimitJobs } from './limit-jobs.service.js';
import type { KeptLicenses } from './limits.ports.js';
import { LimitsController } from './limits.controller.js';
import { LimitsService } from './limits.service.js';

/** The engine of libs/limits over this home's windows. */
export function homeDecider(
  home: HomeIdentity,
  keeper: KeptLicenses,
  events: LimitEvents,
  parts: {
    readonly unitOfWork: UnitOfWork;
    readonly clock: Clock;
    readonly ids: Ids;
    readonly metrics: Metrics;
    readonly answerMs?: number;
  },
): Decider {
  const logger = new Logger('Limits');
  const { metrics, ...given } = parts;
  return new Decider({
    plane: 'data',
    homeId: home.homeId,
    ...given,
    usageSource: windowUsage,
    licenseNow: () => keeper.now(),
    byLicense: (deploymentId, action) => keeper.decide(deploymentId, action),
    withinLimit: (question, reading) => keeper.decideCounted(question, reading),
    onPassed: (tx, passed) => events.passed(tx, passed),
    metrics: new DecisionMetrics(metrics, 'data'),
    onError: (error) => logger.warn({ err: error }, 'a limit could not be asked'),
  });
}

/** Global: the gate and whoever counts ask the engine. */
@Global()
@Module({
  controllers: [LimitsController],
  providers: [
    LimitEvents,
    LimitJobs,
    LimitsService,
    LevelSources,
    LevelReports,
    LevelGate,
    { provide: DECISION_LISTENER, useExisting: LimitEvents },
    {
      provide: DECIDER,
      inject: [HOME, LicenseKeeper, LimitEvents, UnitOfWork, CLOCK, IDS, Metrics],
      useFactory: (
        home: HomeIdentity,
        keeper: LicenseKeeper,
        events: LimitEvents,
        unitOfWork: UnitOfWork,
        clock: Clock,
        ids: Ids,
        metrics: Metrics,
      ) => homeDecider(home, keeper, events, { unitOfWork, clock, ids, metrics }),
    },
  ],
  exports: [DECIDER, DECISION_LISTENER, LevelGate],
})
export class LimitsModule {}
