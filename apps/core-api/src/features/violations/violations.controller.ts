import { Body, Controller, Get, HttpCode, Inject, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  ApiPage,
  CurrentPrincipal,
  IDS,
  KEY,
  LocatedAt,
  mapPage,
  page,
  Scopes,
  UnitOfWork,
  UuidParam,
  type Ids,
  type Page,
  type Principal,
} from '@biplane/service-kit';
import { CurrentActor, type Actor } from '../audit/index.js';
import { ManualReports } from './manual-reports.js';
import { ResolveBody, ViolationBody, ViolationsQuery } from './violations.dto.js';
import { ViolationDto, violationJson } from './violations.responses.js';
import { ViolationsService } from './violations.service.js';

@ApiTags('violations')
@Controller('subscription')
@Scopes('platform:admin', 'platform:read', 'tenant:*')
export class ViolationsController {
  constructor(
    private readonly violations: ViolationsService,
    private readonly reports: ManualReports,
    private readonly unitOfWork: UnitOfWork,
    @Inject(IDS) private readonly ids: Ids,
  ) {}

  @Post('enforcement/violation')
  @Scopes('platform:admin', 'entitlements:check')
  @ApiOperation({ summary: 'Report a violation; one that is open already is answered, its count raised' })
  @ApiCreatedResponse({ type: ViolationDto })
  @LocatedAt({ 201: 'subscription/violations/{id}' })
  async report(
    @Body() body: ViolationBody,
    @CurrentPrincipal() principal: Principal,
    @CurrentActor() actor: Actor,
  ): Promise<ViolationDto> {
    return violationJson(await this.reports.take(body, this.ids.uuid(), principal, actor));
  }

  /** Newest first. A tenant's own token sees its own, whatever it filters for. */
  @Get('violations')
  @ApiPage(ViolationDto)
  async list(@Query() query: ViolationsQuery, @CurrentPrincipal() principal: Principal): Promise<Page<ViolationDto>> {
    const { limit, cursor, from, to, ...equal } = query;
    const readsAll = principal.scopes.some((scope) => scope === 'platform:admin' || scope === 'platform:read');
    if (!readsAll && equal.tenantId !== undefined && equal.tenantId.toLowerCase() !== principal.tenantId) {
      return { data: [], page: { nextCursor: null, hasMore: false } };
    }
    const filter = {
      ...equal,
      ...(!readsAll && { tenantId: principal.tenantId }),
      from: from === undefined ? undefined : new Date(from),
      to: to === undefined ? undefined : new Date(to),
    };
    const rows = await page(
      { limit, cursor },
      {
        fetch: ({ after, take }) => this.violations.list(filter, after?.[0] ?? null, take),
        keyOf: (violation) => [violation.id],
        shape: [KEY.uuid],
      },
    );
    return mapPage(rows, violationJson);
  }

  @Get('violations/:id')
  @ApiOkResponse({ type: ViolationDto })
  async get(@UuidParam('id') id: string, @CurrentPrincipal() principal: Principal): Promise<ViolationDto> {
    return violationJson(await this.violations.readable(this.unitOfWork.reader, id, principal));
  }

  @Post('violations/:id/resolve')
  @HttpCode(200)
  @Scopes('platform:admin')
  @ApiOkResponse({ type: ViolationDto })
  async resolve(
    @UuidParam('id') id: string,
    @Body() body: ResolveBody,
    @CurrentActor() actor: Actor,
  ): Promise<ViolationDto> {
    return violationJson(await this.violations.resolve(id, body.reason, actor));
  }
}
