import { Body, Controller, Get, Param, Put } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Scopes } from '@biplane/service-kit';
import { CurrentActor, type Actor } from '../audit/index.js';
import { RegionBody } from './regions.dto.js';
import { regionJson } from './regions.json.js';
import { RegionsService } from './regions.service.js';

@ApiTags('regions')
@Controller('regions')
export class RegionsController {
  constructor(private readonly regions: RegionsService) {}

  @Get()
  @Scopes('platform:admin', 'platform:read')
  async list(): Promise<{ data: unknown[] }> {
    return { data: (await this.regions.list()).map(regionJson) };
  }

  @Get(':code')
  @Scopes('platform:admin', 'platform:read')
  async get(@Param('code') code: string): Promise<unknown> {
    return regionJson(await this.regions.get(code));
  }

  @Put(':code')
  @Scopes('platform:admin')
  async put(@Param('code') code: string, @Body() body: RegionBody, @CurrentActor() actor: Actor): Promise<unknown> {
    return regionJson(await this.regions.put(code, body, actor));
  }
}
