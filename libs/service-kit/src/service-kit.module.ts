import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE } from '@nestjs/core';
import type { Clock } from '@biplane/kernel';
import { LoggerModule } from 'nestjs-pino';
import { AccessGuard } from './auth/access.guard.js';
import { AuthModule, type AuthOptions } from './auth/auth.module.js';
import { CLOCK, createClock } from './clock/clocks.js';
import { IDS, RandomIds } from './clock/ids.js';
import { FieldCipher } from './crypto/field-cipher.js';
import type { TextSource } from './environment/source-text.js';
import { HealthController } from './health/health.controller.js';
import { HealthRegistry } from './health/health-registry.js';
import { SERVICE, VersionController, type ServiceIdentity } from './health/version.controller.js';
import { loggingParams } from './http/logging.js';
import { UNPREFIXED_ROOTS } from './http/paths.js';
import { RouteTable } from './http/route-table.js';
import { JobRunner } from './jobs/job-runner.js';
import { Metrics } from './metrics/metrics.js';
import { MetricsController } from './metrics/metrics.controller.js';
import { ProblemFilter } from './problems/problem.filter.js';
import { UnreadInputGuard } from './problems/unread-input.guard.js';
import { createValidationPipe } from './problems/validation.pipe.js';

export interface ServiceKitOptions {
  readonly service: ServiceIdentity;
  readonly nodeEnv: string;
  readonly logLevel: string;
  readonly clockFile: string | undefined;
  readonly fieldKeysFile: TextSource;
  readonly auth: AuthOptions;
  /** Further first segments of paths that take no `/api/v1`, for example those of another system's redirects. */
  readonly unprefixedRoots?: readonly string[];
}

/** What every service has. Import it once, in the app's root module; everything it provides is global. */
@Module({})
export class ServiceKitModule {
  static forRoot(options: ServiceKitOptions): DynamicModule {
    const providers = [
      { provide: SERVICE, useValue: options.service },
      { provide: CLOCK, useFactory: () => createClock(options.clockFile, options.nodeEnv) },
      { provide: IDS, inject: [CLOCK], useFactory: (clock: Clock) => new RandomIds(clock) },
      { provide: FieldCipher, useFactory: () => FieldCipher.fromFile(options.fieldKeysFile) },
      { provide: RouteTable, useValue: new RouteTable([...UNPREFIXED_ROOTS, ...(options.unprefixedRoots ?? [])]) },
      HealthRegistry,
      Metrics,
      JobRunner,
    ];
    return {
      module: ServiceKitModule,
      global: true,
      imports: [
        LoggerModule.forRoot(loggingParams(options.service, options.logLevel)),
        AuthModule.forRoot(options.auth),
      ],
      controllers: [HealthController, VersionController, MetricsController],
      providers: [
        ...providers,
        { provide: APP_FILTER, useClass: ProblemFilter },
        { provide: APP_GUARD, useExisting: AccessGuard },
        { provide: APP_GUARD, useClass: UnreadInputGuard },
        { provide: APP_PIPE, useFactory: createValidationPipe },
      ],
      exports: [SERVICE, CLOCK, IDS, FieldCipher, RouteTable, HealthRegistry, Metrics, JobRunner],
    };
  }
}
