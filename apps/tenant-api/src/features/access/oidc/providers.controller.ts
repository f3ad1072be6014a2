import { Body, Controller, Delete, Get, HttpCode, Inject, Patch, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import {
  ApiList,
  Idempotent,
  IdempotencyKey,
  UuidParam,
  type IdempotentRequest,
  type StoredAnswer,
} from '@biplane/service-kit';
import { Ungated } from '../../license/index.js';
import type { TenantHandle } from '../../tenancy/index.js';
import { actorOf, CurrentMember, CurrentTenant, type MemberPrincipal } from '../member-request.js';
import { Members } from '../members.decorator.js';
import { TenantIdempotency } from '../tenant-idempotency.js';
import { ChangeProviderBody, NewProviderBody, ProviderDto } from './oidc.dto.js';
import { IdentityProviders } from './providers.service.js';
import { listProviders, type Provider } from './providers.store.js';

@ApiTags('access')
@Controller('identity-providers')
@Members('members:write')
@Ungated('how members sign in is no feature')
export class IdentityProvidersController {
  constructor(
    @Inject(IdentityProviders) private readonly providers: IdentityProviders,
    @Inject(TenantIdempotency) private readonly idempotency: TenantIdempotency,
  ) {}

  @Get()
  @ApiList(ProviderDto)
  async list(@CurrentTenant() tenant: TenantHandle): Promise<{ data: ProviderDto[] }> {
    return { data: (await tenant.read((reader) => listProviders(reader))).map(providerJson) };
  }

  /** Its discovery document is fetched first: what cannot be used is refused. */
  @Post()
  @Idempotent()
  @ApiCreatedResponse({ type: ProviderDto })
  async add(
    @IdempotencyKey() request: IdempotentRequest,
    @CurrentTenant() tenant: TenantHandle,
    @CurrentMember() by: MemberPrincipal,
    @Body() body: NewProviderBody,
  ): Promise<StoredAnswer> {
    const { name, issuer, clientId, clientSecret = null, redirectUris } = body;
    const wanted = { name, issuer, clientId, clientSecret, redirectUris };
    await this.providers.check(wanted);
    return this.idempotency.run(tenant, request, async (tx) => {
      return { status: 201, body: providerJson(await this.providers.add(tx, tenant, wanted, actorOf(by))) };
    });
  }

  @Patch(':id')
  @ApiOkResponse({ type: ProviderDto })
  async change(
    @CurrentTenant() tenant: TenantHandle,
    @CurrentMember() by: MemberPrincipal,
    @UuidParam('id') id: string,
    @Body() body: ChangeProviderBody,
  ): Promise<ProviderDto> {
    // A member that is sent as null says nothing.
    const change = Object.fromEntries(
      Object.entries(body).filter(([, value]) => value !== null && value !== undefined),
    );
    return providerJson(await tenant.run((tx) => this.providers.change(tx, tenant, id, change, actorOf(by))));
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiNoContentResponse()
  async remove(
    @CurrentTenant() tenant: TenantHandle,
    @CurrentMember() by: MemberPrincipal,
    @UuidParam('id') id: string,
  ): Promise<void> {
    await tenant.run((tx) => this.providers.remove(tx, id, actorOf(by)));
  }
}

function providerJson(provider: Provider): ProviderDto {
  const { id, name, issuer, clientId, clientSecret, redirectUris, enabled, createdAt, updatedAt } = provider;
  return {
    ...{ id, name, issuer, clientId, redirectUris, enabled },
    hasSecret: clientSecret !== null,
    createdAt: createdAt.toISOString(),
    updatedAt: updatedAt.toISOString(),
  };
}
