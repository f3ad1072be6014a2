import { Controller, Get, Query, StreamableFile } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Scopes } from '@biplane/service-kit';
import { MarginDto, MarginQuery, RevenueDto, RevenueQuery } from './reports.dto.js';
import { marginCsv, Reports } from './reports.service.js';

@ApiTags('reports')
@Controller('reports')
@Scopes('platform:admin', 'platform:read', 'billing:write')
export class ReportsController {
  constructor(private readonly reports: Reports) {}

  @Get('margin')
  @ApiOperation({
    summary: 'Revenue, cost and margin of a month, by deployment or by resource kind; `format=csv` for a file',
  })
  @ApiOkResponse({ type: MarginDto })
  async margin(@Query() { period, by, format }: MarginQuery): Promise<MarginDto | StreamableFile> {
    const margin = await this.reports.margin(period, by);
    if (format !== 'csv') return margin;
    const disposition = `attachment; filename="margin-${by}-${period}.csv"`;
    return new StreamableFile(Buffer.from(marginCsv(margin)), { type: 'text/csv; charset=utf-8', disposition });
  }

  @Get('revenue')
  @ApiOperation({ summary: 'What was invoiced for a month, and what credit notes took back' })
  @ApiOkResponse({ type: RevenueDto })
  revenue(@Query() { period }: RevenueQuery): Promise<RevenueDto> {
    return this.reports.revenue(period);
  }
}
