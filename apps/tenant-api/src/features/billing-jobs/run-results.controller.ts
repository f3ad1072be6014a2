import { Controller, Get, Inject, Query, type StreamableFile } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { moneyToJson } from '@biplane/kernel';
import { ApiPage, KEY, mapPage, page, UuidParam, type Page } from '@biplane/service-kit';
import { CurrentTenant, Members } from '../access/index.js';
import { ApiCsvFile, csvFile } from '../imports/index.js';
import { Ungated } from '../license/index.js';
import type { TenantHandle } from '../tenancy/index.js';
import { BillingRuns } from './billing-runs.service.js';
import { ResultsExportQuery, ResultsQuery, RunResultDto } from './run-results.dto.js';
import { listResults, type RunResult } from './run-results.store.js';

const COLUMNS = [
  'result', 'id', 'memberId', 'accountId', 'itemId', 'externalId', 'from', 'to', 'amount', 'currency', 'reason', 'licenseVersion',
  'decidedAt', 'decision',
] as const; // prettier-ignore

@ApiTags('billing runs')
@Controller('billing-runs/:id/results')
@Members('financials:read')
@Ungated('a tenant may read its own books whatever the license says')
export class RunResultsController {
  constructor(@Inject(BillingRuns) private readonly runs: BillingRuns) {}

  /** What the run decided, unit by unit, in that order; of one that is under way what is decided so far. */
  @Get()
  @ApiPage(RunResultDto)
  async list(
    @CurrentTenant() tenant: TenantHandle,
    @UuidParam('id') id: string,
    @Query() query: ResultsQuery,
  ): Promise<Page<RunResultDto>> {
    const run = await tenant.read((reader) => this.runs.run(reader, id));
    const found = await page(query, {
      fetch: ({ after, take }) =>
        tenant.read((reader) => {
          const from = after && { at: new Date(after[0]!), id: after[1]! };
          return listResults(reader, run, { after: from, take, result: query.result });
        }),
      keyOf: (row) => [row.decidedAt.toISOString(), row.id],
      shape: [KEY.instant, KEY.uuid],
    });
    return mapPage(found, resultJson);
  }

  @Get('export')
  @ApiCsvFile()
  async export(
    @CurrentTenant() tenant: TenantHandle,
    @UuidParam('id') id: string,
    @Query() { result }: ResultsExportQuery,
  ): Promise<StreamableFile> {
    const run = await tenant.read((reader) => this.runs.run(reader, id));
    return csvFile(`billing-run-${id}`, COLUMNS, {
      pages: (last: RunResult | null, take) =>
        tenant.read((reader) => {
          return listResults(reader, run, { after: last && { at: last.decidedAt, id: last.id }, take, result });
        }),
      cellsOf: (row) => {
        const { amount, licenseVersion, ...texts } = resultJson(row);
        return {
          ...texts,
          amount: null,
          currency: null,
          ...amount,
          licenseVersion: licenseVersion?.toString() ?? null,
        };
      },
    });
  }
}

function resultJson({ from, to, amount, decidedAt, ...row }: RunResult): RunResultDto {
  return {
    ...row,
    from: from?.toISOString() ?? null,
    to: to?.toISOString() ?? null,
    amount: amount && moneyToJson(amount),
    decidedAt: decidedAt.toISOString(),
  };
}
