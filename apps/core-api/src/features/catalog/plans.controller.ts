import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { RefusalError } from '@biplane/kernel';
import { ApiPage, LocatedAt, mapPage, page, PageQuery, Scopes, type Page, KEY } from '@biplane/service-kit';
import { CurrentActor, type Actor } from '../audit/index.js';
import { PlanBody, PlanVersionBody } from './catalog.dto.js';
import { CatalogErrors } from './catalog.errors.js';
import { planJson, versionJson } from './catalog.json.js';
import { PlanDto, PlanVersionDto } from './plans.responses.js';
import { PlansService } from './plans.service.js';

@ApiTags('plans')
@Controller('subscription/plans')
@Scopes('platform:admin')
export class PlansController {
  constructor(private readonly plans: PlansService) {}

  @Get()
  @Scopes('platform:admin', 'platform:read')
  @ApiPage(PlanDto)
  async list(@Query() query: PageQuery): Promise<Page<PlanDto>> {
    const plans = await page(query, {
      fetch: ({ after, take }) => this.plans.list(after?.[0] ?? null, take),
      keyOf: (plan) => [plan.code],
      shape: [KEY.code],
    });
    return mapPage(plans, planJson);
  }

  @Get(':code')
  @Scopes('platform:admin', 'platform:read')
  @ApiOkResponse({ type: PlanDto })
  async get(@Param('code') code: string): Promise<PlanDto> {
    return planJson(await this.plans.get(code));
  }

  @Post()
  @ApiCreatedResponse({ type: PlanVersionDto })
  @LocatedAt({ 201: 'subscription/plans/{code}' })
  async create(@Body() body: PlanBody, @CurrentActor() actor: Actor): Promise<PlanVersionDto> {
    const created = await this.plans.create(body, actor);
    return versionJson(created, created.plan);
  }

  @Post(':code/versions')
  @ApiCreatedResponse({ type: PlanVersionDto })
  @LocatedAt({ 201: 'subscription/plans/{code}' })
  async createVersion(
    @Param('code') code: string,
    @Body() body: PlanVersionBody,
    @CurrentActor() actor: Actor,
  ): Promise<PlanVersionDto> {
    return versionJson(await this.plans.createVersion(code, body.version, actor));
  }

  @Post(':code/versions/:version/publish')
  @HttpCode(200)
  @ApiOkResponse({ type: PlanVersionDto })
  async publish(
    @Param('code') code: string,
    @Param('version') version: string,
    @CurrentActor() actor: Actor,
  ): Promise<PlanVersionDto> {
    if (!/^[1-9][0-9]{0,8}$/.test(version)) {
      throw new RefusalError(CatalogErrors.VERSION_NOT_FOUND({ detail: 'Versions are numbers from 1' }));
    }
    return versionJson(await this.plans.publish(code, Number(version), actor));
  }
}
