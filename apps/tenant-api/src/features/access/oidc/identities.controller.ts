import { Body, Controller, Delete, Get, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiHeader, ApiNoContentResponse, ApiTags } from '@nestjs/swagger';
import { ApiList, Public } from '@biplane/service-kit';
import { Ungated } from '../../license/index.js';
import type { TenantHandle } from '../../tenancy/index.js';
import { CurrentMember, CurrentTenant, needsSession, type MemberPrincipal } from '../member-request.js';
import { Members } from '../members.decorator.js';
import { NamedTenant } from '../named-tenant.js';
import { IdentitiesService, type Begun } from './identities.service.js';
import { BeginAcceptBody, BeginBody, BegunDto, CompleteBody, CompletedDto, OfferedProviderDto } from './oidc.dto.js';
import { listProviders } from './providers.store.js';

const DEPLOYMENT = { name: 'X-Deployment-Id', required: true, description: 'Where to sign in' };

@ApiTags('access')
@Controller('public')
@Ungated('whoever may sign in, what that opens is gated')
export class IdentitiesController {
  constructor(@Inject(IdentitiesService) private readonly identities: IdentitiesService) {}

  @Get('oidc/providers')
  @Public('where one may sign in is shown before one has')
  @ApiHeader(DEPLOYMENT)
  @ApiList(OfferedProviderDto)
  async providers(@NamedTenant() tenant: TenantHandle): Promise<{ data: OfferedProviderDto[] }> {
    const found = await tenant.read((reader) => listProviders(reader));
    return { data: found.filter(({ enabled }) => enabled).map(({ id, name }) => ({ id, name })) };
  }

  @Post('oidc/sign-ins')
  @Public('the provider says who it is; beginnings are limited')
  @ApiHeader(DEPLOYMENT)
  @ApiCreatedResponse({ type: BegunDto })
  async signIn(@NamedTenant() tenant: TenantHandle, @Body() where: BeginBody): Promise<BegunDto> {
    return begunJson(await this.identities.beginSignIn(tenant, where));
  }

  /** Instead of giving oneself a password: the identity is linked as the invite is accepted. */
  @Post('oidc/acceptances')
  @Public('the token of the invite says who it is')
  @ApiHeader(DEPLOYMENT)
  @ApiCreatedResponse({ type: BegunDto })
  async accept(@NamedTenant() tenant: TenantHandle, @Body() body: BeginAcceptBody): Promise<BegunDto> {
    const { token, email = null, name = null } = body;
    return begunJson(await this.identities.beginAccept(tenant, body, { token, email, name }));
  }

  /** With a session, not with an API key: a key that leaks must not become a way in. */
  @Post('me/identity')
  @Members('self:read')
  @ApiCreatedResponse({ type: BegunDto })
  async link(
    @CurrentTenant() tenant: TenantHandle,
    @CurrentMember() member: MemberPrincipal,
    @Body() where: BeginBody,
  ): Promise<BegunDto> {
    needsSession(member);
    return begunJson(await this.identities.beginLink(tenant, where, member));
  }

  @Delete('me/identity')
  @Members('self:read')
  @HttpCode(204)
  @ApiNoContentResponse()
  async unlink(@CurrentTenant() tenant: TenantHandle, @CurrentMember() member: MemberPrincipal): Promise<void> {
    needsSession(member);
    await this.identities.unlink(tenant, member);
  }

  /** With what the provider sent back to the redirect address, and the token of the beginning. Once. */
  @Post('oidc/completions')
  @Public('state, code and the token of the beginning say who it is')
  @ApiHeader(DEPLOYMENT)
  @ApiCreatedResponse({ type: CompletedDto })
  async complete(@NamedTenant() tenant: TenantHandle, @Body() body: CompleteBody): Promise<CompletedDto> {
    const { flowToken, state, code, iss = null } = body;
    const { purpose, memberId, session } = await this.identities.complete(tenant, { flowToken, state, code, iss });
    return { purpose, memberId, token: session?.token ?? null, expiresAt: session?.expiresAt.toISOString() ?? null };
  }
}

const begunJson = ({ authorizationUrl, flowToken, expiresAt }: Begun): BegunDto => ({
  ...{ authorizationUrl, flowToken },
  expiresAt: expiresAt.toISOString(),
});
