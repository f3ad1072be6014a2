import { Body, Controller, Get, Param, Put } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { ApiList, EntityTagged, IfMatch, Scopes, type Precondition } from '@biplane/service-kit';
import { CurrentActor, type Actor } from '../audit/index.js';
import { RegionBody, RegionDto } from './regions.dto.js';
import { regionJson } from './regions.json.js';
import { RegionsService } from './regions.service.js';

@ApiTags('regions')
@Controller('regions')
export class RegionsController {
  constructor(private readonly regions: RegionsService) {}

  @Get()
  @Scopes('platform:admin', 'platform:read')
  @ApiList(RegionDto)
  async list(): Promise<{ data: RegionDto[] }> {
    return { data: (await this.regions.list()).map(regionJson) };
  }

  @Get(':code')
  @EntityTagged()
  @Scopes('platform:admin', 'platform:read')
  @ApiOkResponse({ type: RegionDto })
  async get(@Param('code') code: string): Promise<RegionDto> {
    return regionJson(await this.regions.get(code));
  }

  @Put(':code')
  @EntityTagged()
  @Scopes('platform:admin')
  @ApiOkResponse({ type: RegionDto })
  async put(
    @Param('code') code: string,
    @Body() body: RegionBody,
    @IfMatch() expected: Precondition,
    @CurrentActor() actor: Actor,
  ): Promise<RegionDto> {
    return regionJson(await this.regions.put(code, body, expected, actor));
  }
}
