import { Body, Controller, Delete, Get, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { UuidParam } from '@biplane/service-kit';
import { Ungated } from '../license/index.js';
import type { TenantHandle } from '../tenancy/index.js';
import { ApiKeyDto, ApiKeysDto, MadeApiKeyDto, MakeApiKeyBody, MeDto } from './access.dto.js';
import { findProfile } from './access.store.js';
import { ApiKeysService } from './api-keys.service.js';
import type { ApiKey } from './api-keys.store.js';
import { CurrentMember, CurrentTenant, needsSession, type MemberPrincipal } from './member-request.js';
import { Members } from './members.decorator.js';

@ApiTags('access')
@Controller('public/me')
@Members('self:read')
@Ungated('who one is, and what one signs in with, is no feature')
export class MeController {
  constructor(@Inject(ApiKeysService) private readonly keys: ApiKeysService) {}

  @Get()
  @ApiOkResponse({ type: MeDto })
  async me(@CurrentTenant() tenant: TenantHandle, @CurrentMember() member: MemberPrincipal): Promise<MeDto> {
    const profile = await tenant.read((reader) => findProfile(reader, member.memberId));
    return { ...profile, deploymentId: tenant.deploymentId };
  }

  /** The key itself is shown in this answer and never again. Keys are made and revoked with a session, never with a key. */
  @Post('api-keys')
  @ApiCreatedResponse({ type: MadeApiKeyDto })
  async makeKey(
    @CurrentTenant() tenant: TenantHandle,
    @CurrentMember() member: MemberPrincipal,
    @Body() { name, scopes, expiresAt }: MakeApiKeyBody,
  ): Promise<MadeApiKeyDto> {
    needsSession(member);
    const wanted = { name, scopes, expiresAt: expiresAt == null ? null : new Date(expiresAt) };
    const { key, token } = await tenant.run((tx) => this.keys.make(tx, member, wanted));
    return { ...keyJson(key), token };
  }

  /** The newest first, revoked ones too. */
  @Get('api-keys')
  @ApiOkResponse({ type: ApiKeysDto })
  async listKeys(@CurrentTenant() tenant: TenantHandle, @CurrentMember() member: MemberPrincipal): Promise<ApiKeysDto> {
    return { data: (await tenant.read((reader) => this.keys.list(reader, member))).map(keyJson) };
  }

  @Delete('api-keys/:id')
  @HttpCode(204)
  @ApiNoContentResponse()
  async revokeKey(
    @CurrentTenant() tenant: TenantHandle,
    @CurrentMember() member: MemberPrincipal,
    @UuidParam('id') id: string,
  ): Promise<void> {
    needsSession(member);
    await tenant.run((tx) => this.keys.revoke(tx, member, id));
  }
}

function keyJson({ id, name, prefix, lastFour, scopes, createdAt, expiresAt, revokedAt }: ApiKey): ApiKeyDto {
  return {
    ...{ id, name, prefix, lastFour, scopes },
    createdAt: createdAt.toISOString(),
    expiresAt: expiresAt?.toISOString() ?? null,
    revokedAt: revokedAt?.toISOString() ?? null,
  };
}
