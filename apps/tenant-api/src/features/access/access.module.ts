import { Global, Module } from '@nestjs/common';
import { ENVIRONMENT, type TenantEnvironment } from '../../environment.js';
import { ApiKeysService } from './api-keys.service.js';
import { MeController } from './me.controller.js';
import { MemberGuard } from './member.guard.js';
import { TenantOfHeader } from './named-tenant.js';
import { IdentitiesController } from './oidc/identities.controller.js';
import { IdentitiesService } from './oidc/identities.service.js';
import { OpenId, PROVIDER_POLICY } from './oidc/openid.js';
import { IdentityProvidersController } from './oidc/providers.controller.js';
import { IdentityProviders } from './oidc/providers.service.js';
import { SessionsController } from './sessions.controller.js';
import { SessionsService } from './sessions.service.js';
import { TenantIdempotency } from './tenant-idempotency.js';

/** Global: every feature's member routes are guarded by it. */
@Global()
@Module({
  controllers: [SessionsController, MeController, IdentitiesController, IdentityProvidersController],
  providers: [
    ...[SessionsService, ApiKeysService, MemberGuard, TenantOfHeader, TenantIdempotency],
    ...[IdentitiesService, IdentityProviders, OpenId],
    // Nothing but the open internet, unless a demo or a test names its providers; a production start refuses the variable.
    {
      provide: PROVIDER_POLICY,
      inject: [ENVIRONMENT],
      useFactory: ({ OIDC_TEST_HOSTS }: TenantEnvironment) => ({ testHosts: OIDC_TEST_HOSTS ?? [] }),
    },
  ],
  exports: [MemberGuard, TenantIdempotency],
})
export class AccessModule {}
