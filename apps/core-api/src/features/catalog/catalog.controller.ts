import { Body, Controller, Get, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiTags } from '@nestjs/swagger';
import { ApiList, Scopes } from '@biplane/service-kit';
import { CurrentActor, type Actor } from '../audit/index.js';
import { AddonBody, MeterBody, TaxBody } from './catalog.dto.js';
import { addonJson, itemsJson } from './catalog.json.js';
import { AddonDto, CatalogItemDto, MeterDto, TaxDto } from './catalog.responses.js';
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
  @ApiList(MeterDto)
  async meters(): Promise<{ data: MeterDto[] }> {
    return { data: await this.catalog.meters() };
  }

  @Post('meters')
  @Scopes('platform:admin')
  @ApiCreatedResponse({ type: MeterDto })
  addMeter(@Body() body: MeterBody, @CurrentActor() actor: Actor): Promise<MeterDto> {
    return this.catalog.addMeter(body, actor);
  }

  @Get('addons')
  @ApiList(AddonDto)
  async addons(): Promise<{ data: AddonDto[] }> {
    return { data: (await this.catalog.addons()).map(addonJson) };
  }

  @Post('addons')
  @Scopes('platform:admin')
  @ApiCreatedResponse({ type: AddonDto })
  async addAddon(@Body() body: AddonBody, @CurrentActor() actor: Actor): Promise<AddonDto> {
    return addonJson(await this.catalog.addAddon(body, actor));
  }

  @Get('taxes')
  @ApiList(TaxDto)
  async taxes(): Promise<{ data: TaxDto[] }> {
    return { data: await this.catalog.taxes() };
  }

  @Post('taxes')
  @Scopes('platform:admin')
  @ApiCreatedResponse({ type: TaxDto })
  addTax(@Body() body: TaxBody, @CurrentActor() actor: Actor): Promise<TaxDto> {
    return this.catalog.addTax(body, actor);
  }

  /** What can be bought, and what it entitles to. */
  @Get('items')
  @ApiList(CatalogItemDto)
  async items(): Promise<{ data: CatalogItemDto[] }> {
    return { data: itemsJson(await this.plans.list(null, ENTRIES_MAX), await this.catalog.addons()) };
  }
}
