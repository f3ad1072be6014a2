import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { RefusalError } from '@biplane/kernel';
import { mapPage, page, PageQuery, Scopes, type Page, KEY } from '@biplane/service-kit';
import { CurrentActor, type Actor } from '../audit/index.js';
import { PlanBody, PlanVersionBody } from './catalog.dto.js';
import { CatalogErrors } from './catalog.errors.js';
import { planJson, versionJson } from './catalog.json.js';
import { PlansService } from './plans.service.js';

@ApiTags('plans')
@Controller('subscription/plans')
@Scopes('platform:admin')
export class PlansController {
  constructor(private readonly plans: PlansService) {}

  @Get()
  @Scopes('platform:admin', 'platform:read')
  async list(@Query() query: PageQuery): Promise<Page<unknown>> {
    const plans = await page(query, {
      fetch: ({ after, take }) => this.plans.list(after?.[0] ?? null, take),
      keyOf: (plan) => [plan.code],
      shape: [KEY.code],
    });
    return mapPage(plans, planJson);
  }

  @Get(':code')
  @Scopes('platform:admin', 'platform:read')
  async get(@Param('code') code: string): Promise<unknown> {
    return planJson(await this.plans.get(code));
  }

  @Post()
  async create(@Body() body: PlanBody, @CurrentActor() actor: Actor): Promise<unknown> {
    const created = await this.plans.create(body, actor);
    return versionJson(created, created.plan);
  }

  @Post(':code/versions')
  async createVersion(
    @Param('code') code: string,
    @Body() body: PlanVersionBody,
    @CurrentActor() actor: Actor,
  ): Promise<unknown> {
    return versionJson(await this.plans.createVersion(code, body.version, actor));
  }

  @Post(':code/versions/:version/publish')
  @HttpCode(200)
  async publish(
    @Param('code') code: string,
    @Param('version') version: string,
    @CurrentActor() actor: Actor,
  ): Promise<unknown> {
    if (!/^[1-9][0-9]{0,8}$/.test(version)) {
      throw new RefusalError(CatalogErrors.VERSION_NOT_FOUND({ detail: 'Versions are numbers from 1' }));
    }
    return versionJson(await this.plans.publish(code, Number(version), actor));
  }
}
