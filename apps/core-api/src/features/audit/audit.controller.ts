import { Controller, Get, Query, StreamableFile } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, ApiTags, getSchemaPath } from '@nestjs/swagger';
import { ApiPage, mapPage, page, Scopes, UnitOfWork, type Page, KEY } from '@biplane/service-kit';
import { exportStream } from './audit-export.js';
import {
  AuditEntryDto,
  AuditExportQuery,
  AuditQuery,
  AuditVerificationDto,
  AuditVerifyQuery,
  VERIFY_MAX,
} from './audit.dto.js';
import { AuditStore, type AuditFilter } from './audit.store.js';
import { AuditVerifier } from './verifier.js';

@ApiTags('audit')
@Controller('audit')
@Scopes('platform:admin')
export class AuditController {
  constructor(
    private readonly store: AuditStore,
    private readonly verifier: AuditVerifier,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /** Newest first. */
  @Get()
  @ApiPage(AuditEntryDto)
  async list(@Query() query: AuditQuery): Promise<Page<AuditEntryDto>> {
    const { limit, cursor, ...filter } = query;
    const rows = await page(
      { limit, cursor },
      {
        fetch: ({ after, take }) =>
          this.store.list(this.unitOfWork.reader, filterOf(filter), take, after && BigInt(after[0] ?? 0)),
        keyOf: (row) => [String(row.id)],
        shape: [KEY.number],
      },
    );
    return mapPage(rows, (row) => ({ ...row, id: String(row.id) }));
  }

  /** One entry a line, newest first, at most 100,000: go on with `to`. */
  @Get('export')
  @ApiExtraModels(AuditEntryDto)
  @ApiOkResponse({
    description: 'A file of lines',
    content: {
      'application/x-ndjson': { schema: { $ref: getSchemaPath(AuditEntryDto) } },
      'text/csv': { schema: { type: 'array', items: { type: 'string' } } },
    },
  })
  export(@Query() query: AuditExportQuery): StreamableFile {
    const { format = 'ndjson', ...filter } = query;
    const stream = exportStream(format, (beforeId, take) =>
      this.store.list(this.unitOfWork.reader, filterOf(filter), take, beforeId),
    );
    const type = format === 'csv' ? 'text/csv; charset=utf-8' : 'application/x-ndjson';
    return new StreamableFile(stream, { type, disposition: `attachment; filename="audit.${format}"` });
  }

  /** Computes the chain again, a stretch at a time: edited, removed and inserted entries are named; with `head`, a cut end too. */
  @Get('verify')
  @ApiOkResponse({ type: AuditVerificationDto })
  async verify(@Query() query: AuditVerifyQuery): Promise<AuditVerificationDto> {
    const { head = null, after = 0, limit = VERIFY_MAX } = query;
    const found = await this.verifier.verify({ after: BigInt(after), limit, head });
    const { problems, through, hasMore, sealedThrough, unsealed } = found;
    return {
      intact: problems.length === 0,
      problems: problems.map((problem) => ({ ...problem, seq: problem.seq === null ? null : String(problem.seq) })),
      after: String(after),
      through: String(through),
      next: hasMore ? String(through) : null,
      sealedThrough: sealedThrough && {
        ...sealedThrough,
        seq: String(sealedThrough.seq),
        entryId: String(sealedThrough.entryId),
      },
      unsealed,
    };
  }
}

function filterOf({ from, to, ...equal }: Omit<AuditQuery, 'limit' | 'cursor'>): AuditFilter {
  return { ...equal, from: from ? new Date(from) : undefined, to: to ? new Date(to) : undefined };
}
