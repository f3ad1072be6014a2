import { Controller, Get, Inject, StreamableFile } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { CurrentPrincipal, Scopes, UuidParam, type Principal } from '@biplane/service-kit';
import { Ungated } from '../license/index.js';
import { ExportService } from './export.service.js';

const line = (members: Record<string, { type: string }>) => ({
  type: 'object',
  required: Object.keys(members),
  properties: members,
});
/** A head, rows, and last what was counted. */
const LINES = [
  line({ export: { type: 'object' } }),
  line({ table: { type: 'string' }, row: { type: 'object' } }),
  line({ end: { type: 'object' } }),
];

@ApiTags('export')
@Controller('deployments/:deploymentId/export')
export class ExportController {
  constructor(@Inject(ExportService) private readonly exports: ExportService) {}

  /**
   * Everything in the deployment's database at one instant, a JSON object a line: a head, the rows of each table, and last what was
   * counted. An export without its last line is not whole. Open while the license serves, and after retirement until its last day.
   */
  @Get()
  @Scopes('tenant:*', 'internal:operate')
  @Ungated('a retired deployment may still take its data along: the export asks the license itself')
  @ApiOkResponse({
    description: 'A JSON object a line',
    content: { 'application/x-ndjson': { schema: { oneOf: LINES } } },
  })
  async export(
    @UuidParam('deploymentId') deploymentId: string,
    @CurrentPrincipal() principal: Principal,
  ): Promise<StreamableFile> {
    const lines = await this.exports.open(deploymentId, principal);
    const disposition = `attachment; filename="${deploymentId}.jsonl"`;
    return new StreamableFile(lines, { type: 'application/x-ndjson', disposition });
  }
}
