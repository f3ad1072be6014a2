import { Body, Controller, Get, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Scopes } from '@biplane/service-kit';
import { CurrentActor, type Actor } from '../audit/index.js';
import { AddonBody, MeterBody, TaxBody } from './catalog.dto.js';
import { addonJson, itemsJson } from './catalog.json.js';
import { CatalogService } from './catalog.service.js';
import { PlansService } from './plans.service.js';

/** A catalog is a few hundred entries: lists here are whole, with this bound. */
const ENTRIES_MAX = 1_000;

@ApiTags('catalog')
@Controller('catalog')
@Scopes('platform:admin', 'platform:read')
export class CatalogController {
  constructor(
    private readonly catalog: CatalogService,
    private readonly plans: PlansService,
  ) {}

  @Get('meters')
  async meters(): Promise<unknown> {
    return { data: await this.catalog.meters() };
  }

  @Post('meters')
  @Scopes('platform:admin')
  addMeter(@Body() body: MeterBody, @CurrentActor() actor: Actor): Promise<unknown> {
    return this.catalog.addMeter(body, actor);
  }

  @Get('addons')
  async addons(): Promise<unknown> {
    return { data: (await this.catalog.addons()).map(addonJson) };
  }

  @Post('addons')
  @Scopes('platform:admin')
  async addAddon(@Body() body: AddonBody, @CurrentActor() actor: Actor): Promise<unknown> {
    return addonJson(await this.catalog.addAddon(body, actor));
  }

  @Get('taxes')
  async taxes(): Promise<unknown> {
    return { data: await this.catalog.taxes() };
  }

  @Post('taxes')
  @Scopes('platform:admin')
  addTax(@Body() body: TaxBody, @CurrentActor() actor: Actor): Promise<unknown> {
    return this.catalog.addTax(body, actor);
  }

  /** What can be bought, and what it entitles to. */
  @Get('items')
  async items(): Promise<unknown> {
    return { data: itemsJson(await this.plans.list(null, ENTRIES_MAX), await this.catalog.addons()) };
  }
}
