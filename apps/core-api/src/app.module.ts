import { Module, type DynamicModule } from '@nestjs/common';
import { DatabaseModule, defaultInstanceId, IdempotencyModule, ServiceKitModule } from '@biplane/service-kit';
import { createCoreClient } from './database.js';
import { ENVIRONMENT, type CoreEnvironment } from './environment.js';
import { AuditModule } from './features/audit/index.js';
import { BackfillModule } from './features/backfill/index.js';
import { BillingModule } from './features/billing/index.js';
import { BillingSettingsModule } from './features/billing-settings/index.js';
import { CatalogModule } from './features/catalog/index.js';
import { CostsModule } from './features/costs/index.js';
import { DeploymentsModule } from './features/deployments/index.js';
import { EntitlementsModule } from './features/entitlements/index.js';
import { EventsModule } from './features/events/index.js';
import { InvoicePdfsModule } from './features/invoice-pdfs/index.js';
import { InvoicesModule } from './features/invoices/index.js';
import { LicensesModule } from './features/licenses/index.js';
import { LimitsModule } from './features/limits/index.js';
import { MailModule } from './features/mail/index.js';
import { MovesModule } from './features/moves/index.js';
import { OperationsModule } from './features/operations/index.js';
import { ProvisioningModule } from './features/provisioning/index.js';
import { RegionsModule } from './features/regions/index.js';
import { RemindersModule } from './features/reminders/index.js';
import { RetirementModule } from './features/retirement/index.js';
import { RollupModule } from './features/rollup/index.js';
import { SubscriptionsModule } from './features/subscriptions/index.js';
import { TenantsModule } from './features/tenants/index.js';
import { UsageModule } from './features/usage/index.js';
import { ViolationsModule } from './features/violations/index.js';
import { WebhooksModule } from './features/webhooks/index.js';
import { MESSAGING } from './messaging.js';
import { RetentionModule } from './retention.module.js';
import { SERVICE_VERSION } from './version.js';

const FEATURES = [
  AuditModule, BackfillModule, BillingModule, BillingSettingsModule, CatalogModule, CostsModule, DeploymentsModule, EntitlementsModule, EventsModule, InvoicePdfsModule, InvoicesModule, LicensesModule,
  LimitsModule, MailModule, MovesModule, OperationsModule, ProvisioningModule, RegionsModule, RemindersModule, RetirementModule, RollupModule, SubscriptionsModule, TenantsModule, UsageModule, ViolationsModule,
  WebhooksModule,
]; // prettier-ignore

@Module({})
class EnvironmentModule {
  static forRoot(environment: CoreEnvironment): DynamicModule {
    return {
      module: EnvironmentModule,
      global: true,
      providers: [{ provide: ENVIRONMENT, useValue: environment }],
      exports: [ENVIRONMENT],
    };
  }
}

@Module({})
export class AppModule {
  static forRoot(environment: CoreEnvironment): DynamicModule {
    return {
      module: AppModule,
      imports: [
        EnvironmentModule.forRoot(environment),
        ServiceKitModule.forRoot({
          service: {
            name: 'core-api',
            version: SERVICE_VERSION,
            instanceId: environment.INSTANCE_ID ?? defaultInstanceId(),
          },
          nodeEnv: environment.NODE_ENV,
          logLevel: environment.LOG_LEVEL,
          clockFile: environment.CLOCK_FILE,
          fieldKeysFile: environment.FIELD_KEYS_FILE,
          auth: {
            issuer: 'biplane-control',
            clientsFile: environment.CLIENTS_FILE,
            tokenKeyFile: environment.TOKEN_KEY_FILE,
          },
        }),
        DatabaseModule.forRoot({
          url: environment.CORE_DATABASE_URL,
          clientFactory: createCoreClient,
          applicationName: 'core-api',
        }),
        IdempotencyModule,
        MESSAGING,
        RetentionModule,
        ...FEATURES,
      ],
    };
  }
}

export const DOCS = {
  title: 'Biplane core-api',
  description: 'The control plane: tenants, licenses, catalog, usage and what a tenant owes the platform.',
  version: SERVICE_VERSION,
} as const;
