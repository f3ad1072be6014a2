import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { money, moneyToJson, orThrow, parseCurrency } from '@biplane/kernel';
import { ApiPage, KEY, mapPage, page, Scopes, UnitOfWork, type Page } from '@biplane/service-kit';
import { CurrentActor, type Actor } from '../audit/index.js';
import { CostDto, CostsBody, CostsQuery, ImportDto } from './costs.dto.js';
import { Costs } from './costs.service.js';
import { CostsStore, type CostRow } from './costs.store.js';

@ApiTags('costs')
@Controller('costs')
export class CostsController {
  constructor(
    private readonly costs: Costs,
    private readonly store: CostsStore,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /** Each line for itself: one that is wrong spoils no other, one that was imported before is a duplicate. */
  @Post()
  @HttpCode(200)
  @Scopes('platform:admin', 'billing:write')
  @ApiOperation({ summary: 'Import what providers charged, at most 1,000 lines; a line is known by provider and id' })
  @ApiOkResponse({ type: ImportDto })
  async import(@Body() { lines }: CostsBody, @CurrentActor() actor: Actor): Promise<ImportDto> {
    const imported = await this.costs.import(lines, actor);
    const count = (status: string) => imported.filter((line) => line.status === status).length;
    return {
      accepted: count('accepted'),
      duplicates: count('duplicate'),
      rejected: count('rejected'),
      results: imported.map(({ failure, ...line }) => {
        return failure === null ? line : { ...line, code: failure.code, detail: failure.detail };
      }),
    };
  }

  @Get()
  @Scopes('platform:admin', 'platform:read', 'billing:write')
  @ApiPage(CostDto)
  async list(@Query() { limit, cursor, period, provider, deploymentId }: CostsQuery): Promise<Page<CostDto>> {
    const filter = { period, provider, deploymentId: deploymentId?.toLowerCase() };
    const rows = await page(
      { limit, cursor },
      {
        fetch: ({ after, take }) => this.store.list(this.unitOfWork.reader, filter, after?.[0] ?? null, take),
        keyOf: ({ id }) => [id],
        shape: [KEY.uuid],
      },
    );
    return mapPage(rows, costJson);
  }
}

function costJson({ contentHash: _, currency, amountMinor, ...row }: CostRow): CostDto {
  return { ...row, amount: moneyToJson(money(amountMinor, orThrow(parseCurrency(currency)))) };
}
