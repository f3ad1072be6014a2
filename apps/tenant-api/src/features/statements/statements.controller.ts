import { Controller, Get, Headers, HttpCode, Inject, Post, Query, Res, StreamableFile } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import {
  answerPdf, ApiPage, GetPdf, Idempotent, IdempotencyKey, KEY, LocatedAt, mapPage, page, PageQuery, UuidParam, type IdempotentRequest,
  type Page, type PdfReply, type StoredAnswer, type Tx,
} from '@biplane/service-kit'; // prettier-ignore
import {
  actorOf,
  CurrentMember,
  CurrentTenant,
  Members,
  TenantIdempotency,
  type MemberPrincipal,
} from '../access/index.js';
import { FinancialService } from '../financials/index.js';
import { RequireModule, Ungated } from '../license/index.js';
import type { TenantHandle } from '../tenancy/index.js';
import { StatementDto, WholeStatementDto } from './statements.dto.js';
import { statementJson, Statements } from './statements.service.js';
import { listStatements } from './statements.store.js';

@ApiTags('statements')
@Controller()
@Members('financials:read')
@Ungated('a tenant may read its own books whatever the license says')
export class StatementsController {
  constructor(
    @Inject(Statements) private readonly statements: Statements,
    @Inject(FinancialService) private readonly financials: FinancialService,
  ) {}

  /** The newest first. */
  @Get('accounts/:id/statements')
  @ApiPage(StatementDto)
  list(@CurrentTenant() tenant: TenantHandle, @UuidParam('id') id: string, @Query() query: PageQuery): Promise<Page<StatementDto>> {
    return tenant.read(async (reader) => {
      const { id: accountId } = await this.financials.account(reader, id);
      return pageOf(reader, { accountId }, query);
    });
  } // prettier-ignore

  @Get('statements/:id')
  @ApiOkResponse({ type: WholeStatementDto })
  show(@CurrentTenant() tenant: TenantHandle, @UuidParam('id') id: string): Promise<WholeStatementDto> {
    return tenant.read((reader) => this.statements.whole(reader, id));
  }

  @GetPdf('statements/:id/pdf', 'Its PDF, drawn from what was sealed: the same bytes each time')
  async pdf(
    @CurrentTenant() tenant: TenantHandle,
    @UuidParam('id') id: string,
    @Headers('if-none-match') held: string | undefined,
    @Res({ passthrough: true }) reply: PdfReply,
  ): Promise<StreamableFile | undefined> {
    return answerPdf(await this.statements.file(tenant, id), held, reply);
  }
}

@ApiTags('statements')
@Controller('statements')
@Members('financials:write')
export class StatementAdministrationController {
  constructor(
    @Inject(Statements) private readonly statements: Statements,
    @Inject(TenantIdempotency) private readonly idempotency: TenantIdempotency,
  ) {}

  /** To the member's present address: one that failed, one that was sent already, one that was never mailed. */
  @Post(':id/send')
  @HttpCode(202)
  @Idempotent()
  @RequireModule('financials:statement_runs')
  @ApiAcceptedResponse({ type: StatementDto })
  @LocatedAt({ 202: 'statements/{id}' })
  send(
    @IdempotencyKey() request: IdempotentRequest,
    @CurrentTenant() tenant: TenantHandle,
    @CurrentMember() by: MemberPrincipal,
    @UuidParam('id') id: string,
  ): Promise<StoredAnswer> {
    return this.idempotency.run(tenant, request, async (tx) => {
      return { status: 202, body: await this.statements.send(tx, tenant, id, actorOf(by)) };
    });
  }
}

@ApiTags('my account')
@Controller('public/me/statements')
@Members('self:read')
@Ungated('a member may read what it was told whatever the license says')
export class MyStatementsController {
  constructor(@Inject(Statements) private readonly statements: Statements) {}

  /** Of all its accounts, the newest first. */
  @Get()
  @ApiPage(StatementDto)
  list(@CurrentTenant() tenant: TenantHandle, @CurrentMember() { memberId }: MemberPrincipal, @Query() query: PageQuery): Promise<Page<StatementDto>> {
    return tenant.read((reader) => pageOf(reader, { memberId }, query));
  } // prettier-ignore

  @Get(':id')
  @ApiOkResponse({ type: WholeStatementDto })
  show(@CurrentTenant() tenant: TenantHandle, @CurrentMember() { memberId }: MemberPrincipal, @UuidParam('id') id: string): Promise<WholeStatementDto> {
    return tenant.read((reader) => this.statements.wholeOf(reader, id, memberId));
  } // prettier-ignore

  @GetPdf(':id/pdf', 'Its PDF, drawn from what was sealed: the same bytes each time')
  async pdf(
    @CurrentTenant() tenant: TenantHandle,
    @CurrentMember() { memberId }: MemberPrincipal,
    @UuidParam('id') id: string,
    @Headers('if-none-match') held: string | undefined,
    @Res({ passthrough: true }) reply: PdfReply,
  ): Promise<StreamableFile | undefined> {
    return answerPdf(await this.statements.file(tenant, id, memberId), held, reply);
  }
}

async function pageOf(
  reader: Tx,
  of: { readonly accountId: string } | { readonly memberId: string },
  query: PageQuery,
): Promise<Page<StatementDto>> {
  const found = await page(query, {
    fetch: ({ after, take }) =>
      listStatements(reader, of, { after: after && { to: new Date(after[0]!), id: after[1]! }, take }),
    keyOf: ({ to, id }) => [to.toISOString(), id],
    shape: [KEY.instant, KEY.uuid],
  });
  return mapPage(found, statementJson);
}
