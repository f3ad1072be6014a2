import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsEmail, IsIn, IsOptional, IsString, Matches, MaxLength, MinLength } from 'class-validator';
import { ApiInstant, PagePositionDto, PageQuery } from '@biplane/service-kit';
import { ROLES, TEXT, type Role } from '../access/index.js';

const STATES = ['invited', 'active', 'disabled', 'erased'] as const;

export class InviteMemberBody {
  @ApiProperty({ example: 'sam@acme.example' })
  @IsEmail({}, { message: 'email must be a mail address' })
  @MaxLength(254)
  email!: string;

  @ApiPropertyOptional({ example: 'Sam' })
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(200)
  @Matches(TEXT, { message: 'name must not hold control characters' })
  name?: string;

  @ApiProperty({ enum: ROLES })
  @IsIn(ROLES)
  role!: Role;

  /** Its name in the system that it comes from; unique. */
  @ApiPropertyOptional({ example: 'crm-4711' })
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(200)
  @Matches(TEXT, { message: 'externalId must not hold control characters' })
  externalId?: string;
}

export class ChangeMemberBody {
  @ApiPropertyOptional({ enum: ROLES })
  @IsOptional()
  @IsIn(ROLES)
  role?: Role;

  @ApiPropertyOptional({ enum: ['active', 'disabled'] })
  @IsOptional()
  @IsIn(['active', 'disabled'])
  state?: 'active' | 'disabled';

  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(200)
  @Matches(TEXT, { message: 'name must not hold control characters' })
  name?: string;
}

export class MembersQuery extends PageQuery {
  @ApiPropertyOptional({ enum: ROLES })
  @IsOptional()
  @IsIn(ROLES)
  role?: Role;

  @ApiPropertyOptional({ enum: STATES })
  @IsOptional()
  @IsIn(STATES)
  state?: (typeof STATES)[number];
}

export class MemberDto {
  @ApiProperty({ format: 'uuid' }) readonly id!: string;
  @ApiProperty({ enum: ROLES }) readonly role!: Role;
  @ApiProperty({ enum: STATES }) readonly state!: (typeof STATES)[number];
  @ApiProperty({ type: String, nullable: true }) readonly email!: string | null;
  @ApiProperty({ type: String, nullable: true }) readonly name!: string | null;
  @ApiProperty({ type: String, nullable: true }) readonly externalId!: string | null;
  @ApiInstant() readonly createdAt!: string;
  @ApiInstant({ nullable: true }) readonly erasedAt!: string | null;
}

export class InvitedDto {
  @ApiProperty({ type: MemberDto }) readonly member!: MemberDto;
  @ApiProperty({ type: String, nullable: true, description: 'Shown once; null when the request is repeated' })
  readonly inviteToken!: string | null;
  @ApiInstant() readonly expiresAt!: string;
}

export class MembersDto {
  @ApiProperty({ type: [MemberDto] }) readonly data!: readonly MemberDto[];
  @ApiProperty({ type: PagePositionDto }) readonly page!: PagePositionDto;
}
