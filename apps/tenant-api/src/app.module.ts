import type { KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Module, type DynamicModule } from '@nestjs/common';
import { orThrow } from '@biplane/kernel';
import { importRootPublicKey } from '@biplane/licensing';
import { readMailSettings, type MailSettings } from '@biplane/mail';
import {
  DatabaseModule,
  defaultInstanceId,
  IdempotencyModule,
  parseClients,
  readSource,
  ServiceKitModule,
  type TextSource,
} from '@biplane/service-kit';
import { homeClient } from './database.js';
import { givenAccessOf } from './enrolled-environment.js';
import { ENVIRONMENT, MAIL_SETTINGS, type TenantEnvironment } from './environment.js';
import { AccessModule } from './features/access/index.js';
import { BillingJobsModule } from './features/billing-jobs/index.js';
import { EnrollmentModule, REGION_PARTS, type RegionParts } from './features/enrollment/index.js';
import { ExportModule, PURGED_ROWS, PurgeModule } from './features/export/index.js';
import { FleetModule } from './features/fleet/index.js';
import { FinancialsModule } from './features/financials/index.js';
import { LetterheadModule } from './features/letterhead/index.js';
import { HOME, LicenseModule, ROOT_KEY, type HomeIdentity } from './features/license/index.js';
import { LimitsModule } from './features/limits/index.js';
import { MembersModule } from './features/members/index.js';
import { MetricsModule } from './features/metrics/index.js';
import { MovesModule } from './features/moves/index.js';
import { StatementsModule } from './features/statements/index.js';
import { SubscriptionModule } from './features/subscription/index.js';
import { GIVEN_ACCESS, PROVISIONER_URL, TenancyModule } from './features/tenancy/index.js';
import { VisitsModule } from './features/visits/index.js';
import { MESSAGING } from './messaging.js';
import { purgedRows } from './purged-rows.js';
import { RetentionModule } from './retention.module.js';
import { RedisCheck } from './redis-check.js';

const FEATURES = [
  FleetModule, LicenseModule, LimitsModule, MetricsModule, TenancyModule, AccessModule, MembersModule, FinancialsModule,
  BillingJobsModule, VisitsModule, LetterheadModule, StatementsModule, SubscriptionModule,
]; // prettier-ignore

@Module({})
class EnvironmentModule {
  static forRoot(environment: TenantEnvironment): DynamicModule {
    const providers = [
      { provide: ENVIRONMENT, useValue: environment },
      { provide: HOME, useFactory: () => homeOf(environment) },
      { provide: ROOT_KEY, useFactory: () => readRootKey(environment.ROOT_KEY_FILE) },
      { provide: PROVISIONER_URL, useValue: environment.PROVISIONER_DATABASE_URL ?? '' },
      { provide: GIVEN_ACCESS, useFactory: () => givenAccessOf(environment) },
      { provide: PURGED_ROWS, useValue: purgedRows },
      { provide: MAIL_SETTINGS, useFactory: () => mailSettingsOf(environment) },
      { provide: REGION_PARTS, useFactory: () => regionPartsOf(environment) },
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
    const secrets = secretsOf(environment);
    return {
      module: AppModule,
      imports: [
        EnvironmentModule.forRoot(environment),
        ServiceKitModule.forRoot({
          service: { name: 'tenant-api', version: SERVICE_VERSION, instanceId: homeOf(environment).instanceId },
          nodeEnv: environment.NODE_ENV,
          logLevel: environment.LOG_LEVEL,
          clockFile: environment.CLOCK_FILE,
          fieldKeysFile: secrets.fieldKeys,
          auth: {
            issuer: `biplane-data:${environment.HOME_ID}`,
            clientsFile: secrets.clients,
            tokenKeyFile: secrets.tokenKey,
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
        // Homes are enrolled by those who may make databases.
        ...(environment.dedicated ? [] : [EnrollmentModule, PurgeModule]),
        ExportModule,
        MovesModule.forHome({ isPool: !environment.dedicated }),
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

/** Files of a pool; of a dedicated home what it was given, which is written nowhere. */
function secretsOf({ dedicated, CLIENTS_FILE, TOKEN_KEY_FILE, FIELD_KEYS_FILE }: TenantEnvironment): {
  readonly [name in 'clients' | 'tokenKey' | 'fieldKeys']: TextSource;
} {
  if (!dedicated) {
    return { clients: CLIENTS_FILE ?? '', tokenKey: TOKEN_KEY_FILE ?? '', fieldKeys: FIELD_KEYS_FILE ?? '' };
  }
  const { clients, tokenKey, fieldKeys } = dedicated.enrolled;
  return {
    clients: { text: JSON.stringify(clients) },
    tokenKey: { text: tokenKey },
    fieldKeys: { text: JSON.stringify(fieldKeys) },
  };
}

/** A pool of the release before gives none. */
function mailSettingsOf(environment: TenantEnvironment): MailSettings | null {
  return environment.dedicated ? (environment.dedicated.enrolled.mail ?? null) : readMailSettings(environment);
}

function regionPartsOf(environment: TenantEnvironment): RegionParts {
  return {
    kafka: { username: environment.KAFKA_USERNAME, password: environment.KAFKA_PASSWORD },
    redisUrl: environment.REDIS_URL,
    mail: () => readMailSettings(environment),
    clients: () => parseClients(readSource(environment.CLIENTS_FILE ?? '')).values(),
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
