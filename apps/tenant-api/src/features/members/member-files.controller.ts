import { Body, Controller, Get, Inject, Post, Query, type StreamableFile } from '@nestjs/common';
import { ApiPropertyOptional, ApiTags } from '@nestjs/swagger';
import { IdempotencyKey, type IdempotentRequest, type StoredAnswer } from '@biplane/service-kit';
import { IsIn, IsOptional } from 'class-validator';
import {
  actorOf, CurrentMember, CurrentTenant, Members, ROLES, type MemberPrincipal, type Role,
} from '../access/index.js'; // prettier-ignore
import { ApiCsvFile, csvFile, ImportQuery, ImportRuns, ImportsCsv, type ImportReportDto } from '../imports/index.js';
import { Ungated } from '../license/index.js';
import type { TenantHandle } from '../tenancy/index.js';
import { MEMBER_COLUMNS, MembersImport } from './members-import.service.js';
import { listAddressed, type Member } from './members.store.js';

const STATES = ['invited', 'active', 'disabled'] as const;

class MembersExportQuery {
  @ApiPropertyOptional({ enum: ROLES })
  @IsOptional()
  @IsIn(ROLES)
  role?: Role;

  @ApiPropertyOptional({ enum: STATES })
  @IsOptional()
  @IsIn(STATES)
  state?: (typeof STATES)[number];
}

@ApiTags('members')
@Controller('members')
@Members('members:write')
export class MembersImportController {
  constructor(
    @Inject(MembersImport) private readonly members: MembersImport,
    @Inject(ImportRuns) private readonly imports: ImportRuns,
  ) {}

  /**
   * All rows or none: columns email, name, role, externalId. A member with the address is left as it is, and must be as its row says.
   * Who is added gets no invite by this: `POST /api/v1/members/{id}/invites` makes one.
   */
  @Post('import')
  @ImportsCsv()
  @Ungated('the limit members:records is taken for the whole file in its transaction')
  async import(
    @IdempotencyKey() request: IdempotentRequest,
    @CurrentTenant() tenant: TenantHandle,
    @CurrentMember() by: MemberPrincipal,
    @Query() query: ImportQuery,
    @Body() text: string,
  ): Promise<StoredAnswer | ImportReportDto> {
    const file = await this.members.read(text);
    return this.imports.run(tenant, request, query, (tx, isRehearsal) =>
      this.members.run(tx, tenant, file, { actor: actorOf(by), isRehearsal }),
    );
  }
}

@ApiTags('members')
@Controller('members')
@Members('members:read')
@Ungated('a tenant may read its own data whatever the license says')
export class MembersExportController {
  /** As the import reads it, by id. Who has no address is not in it: erased members, and an admin that has not accepted its invite. */
  @Get('export')
  @ApiCsvFile()
  export(@CurrentTenant() tenant: TenantHandle, @Query() query: MembersExportQuery): StreamableFile {
    return csvFile('members', MEMBER_COLUMNS, {
      pages: (after: Member | null, take) =>
        tenant.read((reader) => listAddressed(reader, { ...query, after: after?.id ?? null, take })),
      cellsOf: ({ email, name, role, externalId }) => ({ email, name, role, externalId }),
    });
  }
}
