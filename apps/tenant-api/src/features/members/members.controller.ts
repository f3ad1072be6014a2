import { Body, Controller, Delete, Get, HttpCode, Inject, Patch, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import {
  EntityTagged, Idempotent, IdempotencyKey, IfMatch, KEY, LocatedAt, mapPage, page, UuidParam, type IdempotentRequest, type Precondition,
  type StoredAnswer,
} from '@biplane/service-kit'; // prettier-ignore
import {
  actorOf,
  CurrentMember,
  CurrentTenant,
  Members,
  needsSessionToGive,
  TenantIdempotency,
  type MemberPrincipal,
} from '../access/index.js';
import { Ungated } from '../license/index.js';
import type { TenantHandle } from '../tenancy/index.js';
import { ChangeMemberBody, InviteMemberBody, InvitedDto, MemberDto, MembersDto, MembersQuery } from './members.dto.js';
import { MembersService, type Invited } from './members.service.js';
import { listMembers, type Member } from './members.store.js';

@ApiTags('members')
@Controller('members')
@Members('members:write')
export class MemberAdministrationController {
  constructor(
    @Inject(MembersService) private readonly members: MembersService,
    @Inject(TenantIdempotency) private readonly idempotency: TenantIdempotency,
  ) {}

  /** The invite's token is shown in this answer and never again. The license says how many members there may be. */
  @Post()
  @Idempotent()
  @Ungated('the limit members:records is taken in the transaction of the member')
  @ApiCreatedResponse({ type: InvitedDto })
  @LocatedAt({ 201: 'members/{member.id}' })
  invite(
    @IdempotencyKey() request: IdempotentRequest,
    @CurrentTenant() tenant: TenantHandle,
    @CurrentMember() by: MemberPrincipal,
    @Body() { email, role, name, externalId }: InviteMemberBody,
  ): Promise<StoredAnswer> {
    needsSessionToGive(role, by);
    const wanted = { email, role, name: name ?? null, externalId: externalId ?? null };
    return this.idempotency.run(tenant, request, async (tx) => {
      const invited = await this.members.invite(tx, tenant, wanted, actorOf(by));
      return { status: 201, body: invitedJson(invited), secretPointers: ['/inviteToken'] };
    });
  }

  /** Those before it are worth nothing from then on. */
  @Post(':id/invites')
  @Idempotent()
  @Ungated('whom the license had room for may be asked again')
  @ApiCreatedResponse({ type: InvitedDto })
  @LocatedAt({ 201: 'members/{member.id}' })
  inviteAgain(
    @IdempotencyKey() request: IdempotentRequest,
    @CurrentTenant() tenant: TenantHandle,
    @CurrentMember() by: MemberPrincipal,
    @UuidParam('id') id: string,
  ): Promise<StoredAnswer> {
    return this.idempotency.run(tenant, request, async (tx) => {
      needsSessionToGive((await this.members.member(tx, id)).role, by);
      const invited = await this.members.invitedAgain(tx, id, actorOf(by));
      return { status: 201, body: invitedJson(invited), secretPointers: ['/inviteToken'] };
    });
  }

  @Patch(':id')
  @EntityTagged()
  @Ungated('taking a role or a place away is never refused by a license')
  @ApiOkResponse({ type: MemberDto })
  async change(
    @CurrentTenant() tenant: TenantHandle,
    @CurrentMember() by: MemberPrincipal,
    @UuidParam('id') id: string,
    @Body() { role, state, name }: ChangeMemberBody,
    @IfMatch() expected: Precondition,
  ): Promise<MemberDto> {
    if (role) needsSessionToGive(role, by);
    const change = { ...(role && { role }), ...(state && { state }), ...(name != null && { name }) };
    const accept = (present: Member): void => expected.holds(memberJson(present));
    return memberJson(await tenant.run((tx) => this.members.change(tx, id, change, actorOf(by), accept)));
  }

  /** On request: what says who it was is gone for good, what the law keeps stays under its id. */
  @Delete(':id')
  @HttpCode(204)
  @Ungated('a person may be forgotten whatever the license says')
  @ApiNoContentResponse()
  async erase(
    @CurrentTenant() tenant: TenantHandle,
    @CurrentMember() by: MemberPrincipal,
    @UuidParam('id') id: string,
  ): Promise<void> {
    await tenant.run((tx) => this.members.erase(tx, tenant, id, actorOf(by)));
  }
}

@ApiTags('members')
@Controller('members')
@Members('members:read')
@Ungated('a tenant may read its own data whatever the license says')
export class MembersController {
  constructor(@Inject(MembersService) private readonly members: MembersService) {}

  @Get()
  @ApiOkResponse({ type: MembersDto })
  async list(@CurrentTenant() tenant: TenantHandle, @Query() query: MembersQuery): Promise<MembersDto> {
    const { role, state } = query;
    const found = await page(query, {
      fetch: ({ after, take }) =>
        tenant.read((reader) => listMembers(reader, { after: after?.[0] ?? null, take, role, state })),
      keyOf: ({ id }) => [id],
      shape: [KEY.uuid],
    });
    return mapPage(found, memberJson);
  }

  @Get(':id')
  @EntityTagged()
  @ApiOkResponse({ type: MemberDto })
  async show(@CurrentTenant() tenant: TenantHandle, @UuidParam('id') id: string): Promise<MemberDto> {
    return memberJson(await tenant.read((reader) => this.members.member(reader, id)));
  }
}

function memberJson({ id, role, state, email, name, externalId, createdAt, erasedAt }: Member): MemberDto {
  return {
    ...{ id, role, state, email, name, externalId },
    createdAt: createdAt.toISOString(),
    erasedAt: erasedAt?.toISOString() ?? null,
  };
}

function invitedJson({ member, inviteToken, expiresAt }: Invited): InvitedDto {
  return { member: memberJson(member), inviteToken, expiresAt: expiresAt.toISOString() };
}
