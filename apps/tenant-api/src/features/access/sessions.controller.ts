import { Body, Controller, Delete, HttpCode, Inject, Ip, Post, Put } from '@nestjs/common';
import { ApiCreatedResponse, ApiHeader, ApiNoContentResponse, ApiTags } from '@nestjs/swagger';
import { Public } from '@biplane/service-kit';
import { Ungated } from '../license/index.js';
import type { TenantHandle } from '../tenancy/index.js';
import { AcceptInviteBody, ChangePasswordBody, SessionDto, SignInBody } from './access.dto.js';
import { CurrentMember, CurrentTenant, needsSession, type MemberPrincipal } from './member-request.js';
import { Members } from './members.decorator.js';
import { NamedTenant } from './named-tenant.js';
import { SessionsService, type SignedInSession } from './sessions.service.js';

const DEPLOYMENT = { name: 'X-Deployment-Id', required: true, description: 'Where to sign in' };

@ApiTags('access')
@Controller('public')
@Ungated('whoever may sign in, what that opens is gated')
export class SessionsController {
  constructor(@Inject(SessionsService) private readonly sessions: SessionsService) {}

  /** Once. The answer is a session, so that no sign-in follows. */
  @Post('invites/accept')
  @Public('the token of the invite says who it is')
  @ApiHeader(DEPLOYMENT)
  @ApiCreatedResponse({ type: SessionDto })
  async accept(@NamedTenant() tenant: TenantHandle, @Body() body: AcceptInviteBody): Promise<SessionDto> {
    return shown(await this.sessions.accept(tenant, body));
  }

  @Post('sessions')
  @Public('address and password say who it is; attempts are limited')
  @ApiHeader(DEPLOYMENT)
  @ApiCreatedResponse({ type: SessionDto })
  async signIn(
    @NamedTenant() tenant: TenantHandle,
    @Body() { email, password }: SignInBody,
    @Ip() from: string,
  ): Promise<SessionDto> {
    return shown(await this.sessions.signIn(tenant, { email, password, from }));
  }

  @Delete('sessions/current')
  @Members('self:read')
  @HttpCode(204)
  @ApiNoContentResponse()
  async signOut(@CurrentTenant() tenant: TenantHandle, @CurrentMember() member: MemberPrincipal): Promise<void> {
    await this.sessions.signOut(tenant, member);
  }

  /** All other sessions end. With a session, not with an API key. */
  @Put('me/password')
  @Members('self:read')
  @HttpCode(204)
  @ApiNoContentResponse()
  async changePassword(
    @CurrentTenant() tenant: TenantHandle,
    @CurrentMember() member: MemberPrincipal,
    @Body() { current, next }: ChangePasswordBody,
  ): Promise<void> {
    needsSession(member);
    await this.sessions.changePassword(tenant, member, { current, next });
  }
}

function shown({ token, memberId, expiresAt }: SignedInSession): SessionDto {
  return { token, memberId, expiresAt: expiresAt.toISOString() };
}
