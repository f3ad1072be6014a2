import { Global, Module } from '@nestjs/common';
import { HOME, type HomeIdentity } from '../license/index.js';
import { DatabaseBuilder } from './database-builder.js';
import { readTenantSchema } from './schema-folder.js';
import { TenancyController } from './tenancy.controller.js';
import { TenancyReconciler } from './tenancy.reconciler.js';
import { PROVISIONER_URL, TenancyService } from './tenancy.service.js';
import { TenantHandles } from './tenant-handles.js';
import { TenantSecrets } from './tenant-secrets.js';
import { TenantServer } from './tenant-server.js';

/** Global: a tenant handle is what every feature needs to reach a tenant's data. */
@Global()
@Module({
  controllers: [TenancyController],
  providers: [
    {
      provide: TenantServer,
      inject: [HOME, PROVISIONER_URL],
      useFactory: ({ homeId }: HomeIdentity, provisionerUrl: string) =>
        new TenantServer({ provisionerUrl, homeId, schema: readTenantSchema() }),
    },
    TenantSecrets,
    DatabaseBuilder,
    TenancyService,
    TenancyReconciler,
    TenantHandles,
  ],
  exports: [TenantHandles, TenancyService],
})
export class TenancyModule {}
