import { Global, Module } from '@nestjs/common';
import { HOME, type HomeIdentity } from '../license/index.js';
import { AppliedReporter } from './applied-reporter.js';
import { DatabaseBuilder } from './database-builder.js';
import { GIVEN_ACCESS, GivenTenantServer, type GivenAccess } from './given-server.js';
import { RetiredDatabases } from './retired-databases.js';
import { readTenantSchema } from './schema-folder.js';
import { TenancyController } from './tenancy.controller.js';
import { TenancyReconciler } from './tenancy.reconciler.js';
import { PROVISIONER_URL, TenancyService } from './tenancy.service.js';
import { TenantHandles } from './tenant-handles.js';
import { TenantSchemas } from './tenant-schemas.service.js';
import { TenantSecrets } from './tenant-secrets.js';
import { TenantServer } from './tenant-server.js';

/** Global: a tenant handle is what every feature needs to reach a tenant's data. */
@Global()
@Module({
  controllers: [TenancyController],
  providers: [
    {
      provide: TenantServer,
      inject: [HOME, PROVISIONER_URL, GIVEN_ACCESS],
      useFactory: ({ homeId }: HomeIdentity, provisionerUrl: string, given: GivenAccess | null) =>
        given === null
          ? new TenantServer({ provisionerUrl, homeId, schema: readTenantSchema() })
          : new GivenTenantServer(given, readTenantSchema()),
    },
    TenantSecrets,
    DatabaseBuilder,
    AppliedReporter,
    RetiredDatabases,
    TenancyService,
    TenancyReconciler,
    TenantHandles,
    TenantSchemas,
  ],
  exports: [RetiredDatabases, TenantServer, TenantHandles, TenancyService, TenantSchemas],
})
export class TenancyModule {}
