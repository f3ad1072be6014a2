import type { KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Module, type DynamicModule } from '@nestjs/common';
import { orThrow } from '@biplane/kernel';
import { importRootPublicKey } from '@biplane/licensing';
import { DatabaseModule, defaultInstanceId, IdempotencyModule, ServiceKitModule } from '@biplane/service-kit';
import { homeClient } from './database.js';
import { ENVIRONMENT, type TenantEnvironment } from './environment.js';
import { HOME, LicenseModule, ROOT_KEY, type HomeIdentity } from './features/license/index.js';
import { LimitsModule } from './features/limits/index.js';
import { MetricsModule } from './features/metrics/index.js';
import { PROVISIONER_URL, TenancyModule } from './features/tenancy/index.js';
import { MESSAGING } from './messaging.js';
import { RetentionModule } from './retention.module.js';
import { RedisCheck } from './redis-check.js';

const FEATURES = [LicenseModule, LimitsModule, MetricsModule, TenancyModule];

@Module({})
class EnvironmentModule {
  static forRoot(environment: TenantEnvironment): DynamicModule {
    const providers = [
      { provide: ENVIRONMENT, useValue: environment },
      { provide: HOME, useFactory: () => homeOf(environment) },
      { provide: ROOT_KEY, useFactory: () => readRootKey(environment.ROOT_KEY_FILE) },
      { provide: PROVISIONER_URL, useValue: environment.PROVISIONER_DATABASE_URL },
    ];
    return {
      module: EnvironmentModule,
      global: true,
      providers: [...providers, RedisCheck],
      exports: providers.map(({ provide }) => provide),
    };
  }
}

@Module({})
export class AppModule {
  static forRoot(environment: TenantEnvironment): DynamicModule {
    return {
      module: AppModule,
      imports: [
        EnvironmentModule.forRoot(environment),
        ServiceKitModule.forRoot({
          service: { name: 'tenant-api', version: SERVICE_VERSION, instanceId: homeOf(environment).instanceId },
          nodeEnv: environment.NODE_ENV,
          logLevel: environment.LOG_LEVEL,
          clockFile: environment.CLOCK_FILE,
          fieldKeysFile: environment.FIELD_KEYS_FILE,
          auth: {
            issuer: `biplane-data:${environment.HOME_ID}`,
            clientsFile: environment.CLIENTS_FILE,
            tokenKeyFile: environment.TOKEN_KEY_FILE,
          },
        }),
        DatabaseModule.forRoot({
          url: environment.HOME_DATABASE_URL,
          clientFactory: homeClient,
          applicationName: 'tenant-api',
        }),
        IdempotencyModule,
        MESSAGING,
        ...FEATURES,
        RetentionModule,
      ],
    };
  }
}

function homeOf(environment: TenantEnvironment): HomeIdentity {
  return {
    homeId: environment.HOME_ID,
    kind: environment.HOME_KIND,
    region: environment.REGION,
    instanceId: environment.INSTANCE_ID ?? defaultInstanceId(),
  };
}

function readRootKey(file: string): KeyObject {
  return orThrow(importRootPublicKey(JSON.parse(readFileSync(file, 'utf8'))));
}

export const SERVICE_VERSION = '0.1.0';

export const DOCS = {
  title: 'Biplane tenant-api',
  description: 'The data plane: tenant databases, the license gate and usage.',
  version: SERVICE_VERSION,
} as const;
